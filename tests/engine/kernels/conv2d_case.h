// Convolutions of any shape, order, strip and place, with weights in the coding CODING: the same bytes as the plain kernel
// with the same weights as INT8, none written elsewhere; and so does the plain kernel with the coding.
#ifndef UPYML_TEST_CONV2D_CASE_H
#define UPYML_TEST_CONV2D_CASE_H

#include "coded_weights.h"
#include "rows.h"
#include "window_case.h"

void plain_upyml_conv2d_s8(const upyml_window *p, const int8_t *input, int8_t *output, uint8_t *scratch);

enum {
    CASES = 2400,
    MAX_OUT_CHANNELS = 24,
    MAX_WEIGHTS = 700,  // of a channel
};

static int8_t values[MAX_OUT_CHANNELS * MAX_WEIGHTS];
static uint8_t dense[MAX_OUT_CHANNELS * (MAX_WEIGHTS + 64)];  // as INT8
static uint8_t weights[MAX_OUT_CHANNELS * (MAX_WEIGHTS + 256) + 4], channels[MAX_OUT_CHANNELS * 10 + 4];

// Pointwise ones, 3x3 ones, long and thin ones.
static void random_kernel(upyml_window *p) {
    static const uint8_t sizes[][2] = {{1, 1}, {1, 1}, {3, 3}, {3, 3}, {10, 4}, {5, 1}, {1, 5}, {2, 2}};
    const uint8_t *size = sizes[between(0, 7)];
    p->kernel_h = one_in(6) ? between(1, 7) : size[0];
    p->kernel_w = one_in(6) ? between(1, 7) : size[1];
    p->dilation_h = one_in(6) ? between(2, 3) : 1;
    p->dilation_w = one_in(6) ? between(2, 3) : 1;
    int plain_steps = one_in(2);
    p->stride_h = plain_steps ? 1 : between(1, 2) + one_in(6);
    p->stride_w = plain_steps ? 1 : between(1, 2) + one_in(9);
}

static void random_shape(upyml_window *p) {
    memset(p, 0, sizeof *p);
    do {
        random_kernel(p);
        p->in_h = one_in(8) ? 1 : between(1, 20);
        p->in_w = one_in(5) ? 1 : between(1, 14);
        p->in_c = one_in(3) ? between(1, 3) : one_in(2) ? 4 * between(1, 10) : between(1, 40);
        p->out_c = between(1, one_in(3) ? MAX_OUT_CHANNELS : 12);
        int32_t reach_h = (p->kernel_h - 1) * p->dilation_h + 1, reach_w = (p->kernel_w - 1) * p->dilation_w + 1;
        p->pad_top = between(0, smaller(reach_h - 1, one_in(5) ? 20 : 1));
        p->pad_left = between(0, smaller(reach_w - 1, one_in(5) ? 20 : 1));
        p->out_h = outputs(p->in_h, p->pad_top, p->stride_h, reach_h);
        p->out_w = outputs(p->in_w, p->pad_left, p->stride_w, reach_w);
    } while (p->in_h * p->in_w * p->in_c > TENSOR || p->out_h * p->out_w * p->out_c > TENSOR
        || p->kernel_h * p->kernel_w * p->in_c > MAX_WEIGHTS);
    p->end_row = p->out_h;
    p->in_ring = p->in_h;
    p->out_ring = p->out_h;
    p->in_zero_point = between(-128, 127);
    p->out_zero_point = one_in(2) ? -128 : between(-128, 127);
    p->clamp_min = one_in(2) ? -128 : between(-128, 0);
    p->clamp_max = one_in(2) ? 127 : between(p->clamp_min, 127);
}

static void random_weights(upyml_window *p) {
    integers w = {values, p->out_c, p->kernel_h, p->kernel_w * p->in_c};
    int odd = one_in(4);
    uint8_t *own = weights + (odd ? between(0, 3) : 0), *c = channels + (odd ? between(0, 3) : 0);
    random_integers(&w, CODING);
    pack_weights(&w, UPYML_CODING_INT8, dense);
    p->coding = CODING;
    p->pairs = pack_weights(&w, CODING, own);
    p->weights = own;
    p->channels = c;
    memset(channels, 1, sizeof channels);
    for (int32_t channel = 0; channel < p->out_c; channel++) {
        random_channel(c, (p->out_c + 3) & ~3, channel, sum_of_sizes(&w, channel), 12);
    }
}

// Answers whether the plain kernel makes the same of the weights as INT8 and in the coding.
static int expect(const upyml_window *p) {
    static int8_t coded[TENSOR];
    upyml_window as_int8 = *p;
    as_int8.coding = UPYML_CODING_INT8;
    as_int8.weights = dense;
    plain_upyml_conv2d_s8(&as_int8, input, expected, NULL);
    plain_upyml_conv2d_s8(p, input, coded, NULL);
    return memcmp(coded, expected, (size_t)(p->out_h * p->out_w * p->out_c)) == 0;
}

// The distances between input and output are those of a plan: a pointwise convolution's by the pixel. In a group, where
// there are rings, a FORWARD one's rows lie in the slots of its input's, or apart.
static places plan(upyml_window *p) {
    if (p->order == UPYML_ORDER_FORWARD && (p->in_ring != p->in_h || p->out_ring != p->out_h)) {
        int over = upyml_is_pointwise(p) && p->in_c == p->out_c && one_in(2);
        if (over) {
            p->in_ring = p->out_ring = smaller(p->in_ring, p->out_ring);
        }
        p->order = UPYML_ORDER_DISJOINT;
        places at = random_places(p);
        p->order = UPYML_ORDER_FORWARD;
        at.input = over ? at.output : at.input;
        return at;
    }
    if (!upyml_is_pointwise(p) || p->in_ring != p->in_h || p->out_ring != p->out_h) {
        return random_places(p);
    }
    upyml_window pixels = upyml_by_pixel(p);
    return random_places(&pixels);
}

// Least scratch, scratch for a strip, and all sizes between two strips'.
static int32_t random_scratch(const upyml_window *p) {
    int32_t strip = one_in(3) ? 1 : one_in(2) ? p->out_h * p->out_w : between(1, p->out_h);
    return upyml_conv2d_s8_scratch_size(p, strip) + (one_in(2) ? 4 * between(0, 100) : 0);
}

int32_t cases(void) {
    static const int orders[] = {UPYML_ORDER_DISJOINT, UPYML_ORDER_FORWARD, UPYML_ORDER_REVERSE};
    int32_t passed = 0;
    while (passed < CASES) {
        upyml_window p;
        random_shape(&p);
        random_weights(&p);
        random_input(&p);
        if (!expect(&p)) {
            rig_print("plain kernel, ");
            describe(&p, &(places){0, 0, 0});
            return passed;
        }
        p.order = orders[between(0, 2)];
        if (p.order != UPYML_ORDER_REVERSE && one_in(2)) {
            random_rows(&p);
        }
        places at = plan(&p);
        p.scratch_size = random_scratch(&p);
        if (at.scratch + p.scratch_size + GUARD > ARENA) {
            continue;
        }
        fill_arena(&p, &at);
        upyml_conv2d_s8(&p, (const int8_t *)arena + at.input, (int8_t *)arena + at.output, arena + at.scratch);
        if (!right(&p, &at)) {
            describe(&p, &at);
            return passed;
        }
        passed++;
    }
    return passed;
}

#endif
