// The least scratch is no more than what the kernels for a Cortex-M0+ need: those are what plans are made for.
#include "kernels.h"
#include "rig.h"

// The Cortex-M0+'s functions under other names. The guard in its pairs_cpu.h keeps the processor's own away.
#include "cortex_m0/pairs_cpu.h"
#define upyml_conv2d_lay_out m0_conv2d_lay_out
#define upyml_conv2d_fit m0_conv2d_fit
#define upyml_conv2d_s8_scratch_size m0_conv2d
#define upyml_fully_connected_s8_scratch_size m0_fully_connected
#include "pairs/scratch_conv2d.c"
#define least least_of_dense  // each has one
#include "pairs/scratch_fully_connected.c"
#undef least
#undef upyml_conv2d_s8_scratch_size
#undef upyml_fully_connected_s8_scratch_size
#define upyml_depthwise_lay_out m0_depthwise_lay_out
#define upyml_depthwise_conv2d_s8_scratch_size m0_depthwise_conv2d
#include "cortex_m0/scratch_depthwise.c"
#undef upyml_depthwise_conv2d_s8_scratch_size

int32_t upyml_conv2d_s8_scratch_size(const upyml_window *p, int32_t strip);
int32_t upyml_depthwise_conv2d_s8_scratch_size(const upyml_window *p, int32_t strip);
int32_t upyml_fully_connected_s8_scratch_size(const upyml_fully_connected *p);

enum { CASES = 20000 };

static int32_t between(int32_t low, int32_t high) {
    return low + (int32_t)(rig_random() % (uint32_t)(high - low + 1));
}

// Some small ones, some large ones.
static int32_t some_size(int32_t most) {
    return between(1, between(0, 1) ? most : 1 + most / 16);
}

static void random_axis(int32_t *in, int32_t *out, int32_t *kernel, int32_t *stride, int32_t *dilation, int32_t *pad) {
    *in = some_size(100);
    *kernel = between(0, 1) ? 3 : some_size(16);
    *stride = between(0, 1) ? 1 : between(1, 4);
    *dilation = between(0, 3) ? 1 : between(2, 5);
    *pad = between(0, (*kernel - 1) * *dilation);
    *out = (*in + *pad - 1) / *stride + 1;
}

static upyml_window random_window(void) {
    upyml_window p = {0};
    random_axis(&p.in_h, &p.out_h, &p.kernel_h, &p.stride_h, &p.dilation_h, &p.pad_top);
    random_axis(&p.in_w, &p.out_w, &p.kernel_w, &p.stride_w, &p.dilation_w, &p.pad_left);
    if (between(0, 3) == 0) {
        p.kernel_h = p.kernel_w = p.stride_h = p.stride_w = p.dilation_h = p.dilation_w = 1;
        p.pad_top = p.pad_left = 0;
        p.out_h = p.in_h;
        p.out_w = p.in_w;
    }
    p.in_c = some_size(200);
    p.multiplier = between(0, 3) ? 1 : between(2, 4);
    p.out_c = p.in_c * p.multiplier;
    p.order = between(0, 3);
    p.end_row = p.out_h;
    p.in_ring = between(0, 2) ? p.in_h : between(1, p.in_h);
    p.out_ring = between(0, 2) ? p.out_h : between(1, p.out_h);
    return p;
}

static int is_no_more(const char *op, int32_t size, int32_t planned, const int32_t *shape, int32_t count) {
    if (size <= planned) {
        return 1;
    }
    rig_print(op);
    rig_print(" needs, planned, shape: ");
    rig_number(size);
    rig_print(" ");
    rig_number(planned);
    for (int32_t i = 0; i < count; i++) {
        rig_print(" ");
        rig_number(shape[i]);
    }
    rig_print("\n");
    return 0;
}

int32_t cases(void) {
    for (int32_t passed = 0; passed < CASES; passed++) {
        upyml_window p = random_window();
        upyml_fully_connected dense = {.rows = between(0, 1) ? 1 : between(2, 40), .in_c = some_size(700),
            .out_c = some_size(300), .order = between(0, 2)};
        const int32_t *shape = &p.in_h, *sizes = &dense.rows;
        // Depthwise with a stride of 3 or more, or dilated, may take some words more where rows, not columns, are paired.
        int near = p.stride_w <= 2 && p.dilation_h == 1;
        if (!is_no_more("conv2d", upyml_conv2d_s8_scratch_size(&p, 1), m0_conv2d(&p, 1), shape, 14)
            || (near && !is_no_more("depthwise", upyml_depthwise_conv2d_s8_scratch_size(&p, 1), m0_depthwise_conv2d(&p, 1), shape, 14))
            || !is_no_more("dense", upyml_fully_connected_s8_scratch_size(&dense), m0_fully_connected(&dense), sizes, 3)) {
            return passed;
        }
    }
    return CASES;
}
