// Five layers, each as its weights and scratch make it: instructions a multiplication, all that a layer does included.
// For processors whose rig counts instructions. Every output is compared with the plain kernel's.
#include <string.h>

#include "kernels.h"
#include "rig.h"

uint32_t rig_instructions(void);  // so far; differences count

void plain_upyml_conv2d_s8(const upyml_window *p, const int8_t *input, int8_t *output, uint8_t *scratch);
void plain_upyml_depthwise_conv2d_s8(const upyml_window *p, const int8_t *input, int8_t *output, uint8_t *scratch);
void plain_upyml_fully_connected_s8(const upyml_fully_connected *p, const int8_t *input, int8_t *output,
    uint8_t *scratch);

enum { ROOM = 8192 };  // bytes of scratch that a strip may take, where it has room for one row at all

typedef void (*window_kernel)(const upyml_window *p, const int8_t *input, int8_t *output, uint8_t *scratch);

typedef struct {
    const char *name;
    int depthwise;
    int32_t in, in_c, out, out_c, kernel, stride, pad;
} layer;

static const layer windows[] = {
    {"pointwise 12x12x64->64", 0, 12, 64, 12, 64, 1, 1, 0},
    {"3x3 16x16x16->16", 0, 16, 16, 16, 16, 3, 1, 1},
    {"depthwise 3x3 24x24x32", 1, 24, 32, 24, 32, 3, 1, 1},
    {"3x3 stride 2 96x96x3->8", 0, 96, 3, 48, 8, 3, 2, 0},
};

static int8_t input[96 * 96 * 3], output[48 * 48 * 8], expected[48 * 48 * 8];
static uint32_t scratch[1 << 14], weights[640 * 128 / 4], channels[128 * 10 / 4];

static void store(uint8_t *bytes, int32_t value) {
    for (int i = 0; i < 4; i++) {
        bytes[i] = (uint8_t)((uint32_t)value >> 8 * i);
    }
}

// Weights of k that there are not, which fill the last four of a kernel row, are 0.
static void random_weights(int32_t rows, int32_t run) {
    uint8_t *w = (uint8_t *)weights;
    memset(w, 128, sizeof weights);
    for (int32_t block_row = 0; block_row < rows; block_row++, w += 16 * ((run + 3) / 4)) {
        for (int32_t i = 0; i < 4 * run; i++) {
            static const int place[] = {2, 0, 3, 1};
            int32_t k = i >> 2;
            w[k / 4 * 16 + (i & 3) * 4 + place[k % 4]] = (uint8_t)(1 + rig_random() % 255);
        }
    }
}

// Outputs of which few are clamped. Values spread by 74, so sums of `taps` products by 74 * 74 * sqrt(taps): brought to 40.
static void random_channels(int32_t taps, int32_t count, int32_t multipliers) {
    uint8_t *c = (uint8_t *)channels;
    int32_t shift = 0;
    while ((int64_t)1 << 2 * shift < (int64_t)10540 * taps) {
        shift++;
    }
    for (int32_t i = 0; i < count; i++) {
        store(c + 4 * i, (int32_t)(rig_random() % 4001) - 2000);
    }
    for (int32_t i = 0; i < multipliers; i++) {
        store(c + 4 * count + 4 * i, (int32_t)(rig_random() >> 2 | 1u << 30));
        c[4 * count + 4 * multipliers + i] = (uint8_t)-shift;
        c[4 * count + 4 * multipliers + ((multipliers + 3) & ~3) + i] = 24;
    }
}

static void random_input(int32_t count) {
    for (int32_t i = 0; i < count; i++) {
        input[i] = (int8_t)rig_random();
    }
}

static void report(const char *name, const char *how, int32_t size, uint32_t instructions, uint32_t products, int32_t count) {
    if (memcmp(output, expected, (size_t)count) != 0) {
        rig_fail(name);
    }
    rig_print(name);
    rig_print(how);
    rig_number(size);
    rig_print(" bytes of scratch: ");
    rig_number((int32_t)((instructions + products / 2000) / (products / 1000)));  // thousandths
    rig_print(" / 1000\n");
}

static void measure_window(const layer *l, int least) {
    upyml_window p = {
        .in_h = l->in, .in_w = l->in, .in_c = l->in_c, .out_h = l->out, .out_w = l->out, .out_c = l->out_c,
        .kernel_h = l->kernel, .kernel_w = l->kernel, .stride_h = l->stride, .stride_w = l->stride, .dilation_h = 1,
        .dilation_w = 1, .pad_top = l->pad, .pad_left = l->pad, .in_zero_point = -5, .out_zero_point = 3,
        .clamp_min = -128, .clamp_max = 127, .multiplier = 1, .end_row = l->out, .in_ring = l->in, .out_ring = l->out,
        .weights = (const uint8_t *)weights, .channels = (const uint8_t *)channels,
    };
    int32_t taps = l->kernel * l->kernel * (l->depthwise ? 1 : l->in_c), units = l->kernel == 1 ? l->out * l->out : l->out;
    window_kernel fast = l->depthwise ? upyml_depthwise_conv2d_s8 : upyml_conv2d_s8;
    window_kernel plain = l->depthwise ? plain_upyml_depthwise_conv2d_s8 : plain_upyml_conv2d_s8;
    random_input(l->in * l->in * l->in_c);
    if (l->depthwise) {
        random_weights(l->out_c >> 2, taps);
    } else {
        random_weights((l->out_c >> 2) * l->kernel, l->kernel * l->in_c);
    }
    random_channels(taps, l->out_c, l->out_c);
    plain(&p, input, expected, (uint8_t *)scratch);
    int32_t strip = 0;
    do {
        strip++;
        p.scratch_size = l->depthwise ? upyml_depthwise_conv2d_s8_scratch_size(&p, strip)
                                      : upyml_conv2d_s8_scratch_size(&p, strip);
    } while (!least && strip < units && p.scratch_size < ROOM);
    uint32_t before = rig_instructions();
    fast(&p, input, output, (uint8_t *)scratch);
    uint32_t instructions = rig_instructions() - before;
    report(l->name, least ? ", least, " : ", ", p.scratch_size, instructions,
        (uint32_t)(l->out * l->out * l->out_c * taps), l->out * l->out * l->out_c);
}

static void measure_fully_connected(void) {
    upyml_fully_connected p = {
        .rows = 1, .in_c = 640, .out_c = 128, .out_zero_point = 3, .clamp_min = -128, .clamp_max = 127,
        .weights = (const uint8_t *)weights, .channels = (const uint8_t *)channels,
    };
    random_input(p.in_c);
    random_weights(p.out_c >> 2, p.in_c);
    random_channels(p.in_c, p.out_c, 1);
    plain_upyml_fully_connected_s8(&p, input, expected, NULL);
    p.scratch_size = upyml_fully_connected_s8_scratch_size(&p);
    uint32_t before = rig_instructions();
    upyml_fully_connected_s8(&p, input, output, (uint8_t *)scratch);
    uint32_t instructions = rig_instructions() - before;
    report("fully connected 640->128", ", ", p.scratch_size, instructions, 640 * 128, p.out_c);
}

int32_t cases(void) {
    for (uint32_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
        measure_window(&windows[i], 0);
        measure_window(&windows[i], 1);
    }
    measure_fully_connected();
    return 9;
}
