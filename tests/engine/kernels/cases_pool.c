// Pools and means of any shape, order and place: the same bytes as the plain kernels, none written elsewhere.
#include "rows.h"
#include "window_case.h"

void plain_upyml_max_pool_s8(const upyml_window *p, const int8_t *input, int8_t *output, uint8_t *scratch);
void plain_upyml_average_pool_s8(const upyml_window *p, const int8_t *input, int8_t *output, uint8_t *scratch);
void plain_upyml_mean_s8(const upyml_axis *p, const int8_t *input, int8_t *output);

enum { CASES = 2400, MEANS = 1200 };

static void random_pool(upyml_window *p) {
    memset(p, 0, sizeof *p);
    do {
        int whole = one_in(4);  // all of the image, as a global pool
        p->in_h = one_in(8) ? 1 : between(1, 20);
        p->in_w = one_in(5) ? 1 : between(1, 14);
        p->in_c = p->out_c = one_in(2) ? 4 * between(1, 5) : between(1, 9);
        if (whole && one_in(2)) {  // about as many places as one register's lanes hold
            p->in_h = between(15, 20);
            p->in_w = between(13, 18);
            p->in_c = p->out_c = 4;
        }
        p->kernel_h = whole ? p->in_h : between(1, 5);
        p->kernel_w = whole ? p->in_w : between(1, 5);
        p->stride_h = between(1, 3);
        p->stride_w = between(1, 3);
        p->dilation_h = p->dilation_w = 1;
        p->pad_top = whole ? 0 : between(0, p->kernel_h - 1);
        p->pad_left = whole ? 0 : between(0, p->kernel_w - 1);
        p->out_h = whole ? 1 : outputs(p->in_h, p->pad_top, p->stride_h, p->kernel_h);
        p->out_w = whole ? 1 : outputs(p->in_w, p->pad_left, p->stride_w, p->kernel_w);
    } while (p->in_h * p->in_w * p->in_c > TENSOR || p->out_h * p->out_w * p->out_c > TENSOR);
    p->end_row = p->out_h;
    p->in_ring = p->in_h;
    p->out_ring = p->out_h;
    p->clamp_min = one_in(2) ? -128 : between(-128, 0);
    p->clamp_max = one_in(2) ? 127 : between(p->clamp_min, 127);
}

static int one_pool(void) {
    static const int orders[] = {UPYML_ORDER_DISJOINT, UPYML_ORDER_FORWARD, UPYML_ORDER_REVERSE};
    upyml_window p;
    int max = one_in(2);
    random_pool(&p);
    random_input(&p);
    if (one_in(10)) {
        memset(input, -128, sizeof input);  // the largest sums
    }
    (max ? plain_upyml_max_pool_s8 : plain_upyml_average_pool_s8)(&p, input, expected, NULL);
    p.order = orders[between(0, 2)];
    if (p.order == UPYML_ORDER_DISJOINT && one_in(2)) {
        random_rows(&p);
    }
    places at = random_places(&p);
    p.scratch_size = upyml_pool_s8_scratch_size(&p);
    fill_arena(&p, &at);
    const int8_t *x = (const int8_t *)arena + at.input;
    int8_t *y = (int8_t *)arena + at.output;
    (max ? upyml_max_pool_s8 : upyml_average_pool_s8)(&p, x, y, arena + at.scratch);
    if (right(&p, &at)) {
        return 1;
    }
    rig_print(max ? "maximum: " : "average: ");
    describe(&p, &at);
    return 0;
}

// A mean over the middle axis, at times of more values than a register's lanes hold; its output may lie over its input.
static int one_mean(void) {
    upyml_axis p;
    do {
        p.outer = one_in(2) ? 1 : between(1, 5);
        p.count = one_in(4) ? between(250, 1000) : between(1, 60);
        p.inner = one_in(2) ? 4 * between(1, 6) : between(1, 9);
        if (one_in(8)) {
            p.outer = 1;
            p.count = between(256, TENSOR / 4);
            p.inner = 4;
        }
    } while (p.outer * p.count * p.inner > TENSOR);
    p.in_zero_point = between(-128, 127);
    p.out_zero_point = between(-128, 127);
    p.multiplier = between(1 << 30, INT32_MAX);
    p.shift = between(-12, 1);
    p.clamp_min = one_in(2) ? -128 : between(-128, 0);
    p.clamp_max = one_in(2) ? 127 : between(p.clamp_min, 127);
    int32_t size = p.outer * p.count * p.inner, extreme = one_in(3);
    for (int32_t i = 0; i < size; i++) {
        input[i] = (int8_t)(extreme ? (one_in(9) ? 127 : -128) : between(-128, 127));
    }
    plain_upyml_mean_s8(&p, input, expected);
    int32_t over = p.outer == 1 && one_in(2), at = GUARD + between(0, 3), from = over ? at : at + size + between(0, 3);
    for (int32_t i = 0; i < ARENA; i++) {
        arena[i] = untouched(i);
    }
    memcpy(arena + from, input, (size_t)size);
    upyml_mean_s8(&p, (const int8_t *)arena + from, (int8_t *)arena + at);
    int good = memcmp(arena + at, expected, (size_t)(p.outer * p.inner)) == 0;
    for (int32_t i = 0; i < at; i++) {
        good = good && arena[i] == untouched(i);
    }
    for (int32_t i = at + p.outer * p.inner; i < (over ? at + size : from); i++) {
        good = good && arena[i] == (over ? (uint8_t)input[i - at] : untouched(i));
    }
    if (!good) {
        const int32_t values[] = {p.outer, p.count, p.inner, p.in_zero_point, p.multiplier, p.shift, at, from};
        rig_print("mean: outer, count, inner, zero point, multiplier, shift, places: ");
        for (int i = 0; i < 8; i++) {
            rig_number(values[i]);
            rig_print(" ");
        }
        rig_print("\n");
    }
    return good;
}

int32_t cases(void) {
    int32_t passed = 0;
    while (passed < CASES && one_pool()) {
        passed++;
    }
    while (passed >= CASES && passed < CASES + MEANS && one_mean()) {
        passed++;
    }
    return passed;
}
