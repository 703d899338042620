// Depthwise convolutions of any shape, order, strip and place: the plain kernel's bytes, none written elsewhere.
#include "window_case.h"

void plain_upyml_depthwise_conv2d_s8(const upyml_window *p, const int8_t *input, int8_t *output, uint8_t *scratch);

enum {
    CASES = 2400,
    MAX_CHANNELS = 48,
    MAX_TAPS = 80,
};

static uint8_t weights[MAX_CHANNELS * MAX_TAPS + 4], channels[MAX_CHANNELS * 10 + 4];

static void random_shape(upyml_window *p) {
    memset(p, 0, sizeof *p);
    int usual = !one_in(3);
    p->kernel_h = usual ? 3 : between(1, 10);
    p->kernel_w = usual ? 3 : between(1, 8);
    p->dilation_h = one_in(5) ? between(2, 3) : 1;
    p->dilation_w = one_in(8) ? between(2, 3) : 1;
    p->stride_h = between(1, 2) + one_in(6);
    p->stride_w = between(1, 2) + one_in(9);
    p->multiplier = one_in(4) ? between(2, 3) : 1;
    do {
        p->in_h = one_in(8) ? 1 : between(1, 26);
        p->in_w = one_in(8) ? 1 : between(1, 14);
        p->in_c = between(1, (one_in(3) ? MAX_CHANNELS : 12) / p->multiplier);
        int32_t reach_h = (p->kernel_h - 1) * p->dilation_h + 1, reach_w = (p->kernel_w - 1) * p->dilation_w + 1;
        p->pad_top = between(0, smaller(reach_h - 1, one_in(5) ? 20 : 1));
        p->pad_left = between(0, smaller(reach_w - 1, one_in(5) ? 20 : 1));
        p->out_h = outputs(p->in_h, p->pad_top, p->stride_h, reach_h);
        p->out_w = outputs(p->in_w, p->pad_left, p->stride_w, reach_w);
        p->out_c = p->in_c * p->multiplier;
    } while (p->in_h * p->in_w * p->in_c > TENSOR || p->out_h * p->out_w * p->out_c > TENSOR);
    p->end_row = p->out_h;
    p->in_ring = p->in_h;
    p->out_ring = p->out_h;
    p->in_zero_point = between(-128, 127);
    p->out_zero_point = between(-128, 127);
    p->clamp_min = one_in(2) ? -128 : between(-128, 0);
    p->clamp_max = one_in(2) ? 127 : between(p->clamp_min, 127);
}

// Few pixels whose windows lie in the image, as a stream's steps are: high, wide, or as wide as the image.
static void random_step(upyml_window *p) {
    memset(p, 0, sizeof *p);
    int high = one_in(2), wide = !high && one_in(2);
    p->kernel_h = wide ? 1 : between(1, 10);
    p->kernel_w = high ? 1 : between(1, 8);
    p->dilation_h = !high ? 1 : between(1, 3);
    p->dilation_w = wide ? between(1, 3) : 1;
    p->stride_h = between(1, 3);
    p->stride_w = between(1, 3);
    p->multiplier = 1;
    do {
        p->in_c = p->out_c = between(1, 21);
        p->in_h = (p->kernel_h - 1) * p->dilation_h + between(1, 4);
        p->in_w = (p->kernel_w - 1) * p->dilation_w + (high || wide ? between(1, 3) : 1);
    } while (p->in_h * p->in_w * p->in_c > TENSOR);
    p->out_h = outputs(p->in_h, 0, p->stride_h, (p->kernel_h - 1) * p->dilation_h + 1);
    p->out_w = outputs(p->in_w, 0, p->stride_w, (p->kernel_w - 1) * p->dilation_w + 1);
    p->end_row = p->out_h;
    p->in_ring = p->in_h;
    p->out_ring = p->out_h;
    p->in_zero_point = between(-128, 127);
    p->out_zero_point = between(-128, 127);
    p->clamp_min = one_in(2) ? -128 : between(-128, 0);
    p->clamp_max = one_in(2) ? 127 : between(p->clamp_min, 127);
}

// Of some size, or only the ends of int8: these reach sums of three taps that do not fit 16 bits, and of two.
static int32_t random_weight(int32_t size, int extreme) {
    return extreme ? (one_in(2) ? -128 : between(0, 1) ? 127 : -127) : between(-size, size);
}

static void random_weights(upyml_window *p) {
    int32_t taps = p->kernel_h * p->kernel_w, four = (p->out_c + 3) & ~3;
    uint8_t *w = weights + between(0, 3), *c = channels + between(0, 3);
    p->weights = w;
    p->channels = c;
    memset(weights, 128, sizeof weights);
    memset(channels, 1, sizeof channels);
    for (int32_t channel = 0; channel < p->out_c; channel++) {
        int32_t size = one_in(3) ? 127 : between(1, 100), sum = 0, extreme = one_in(8);
        uint8_t *block = w + channel / 4 * 16 * ((taps + 3) / 4) + channel % 4 * 4;
        for (int32_t k = 0; k < taps; k++) {
            static const int place[] = {2, 0, 3, 1};
            int32_t weight = random_weight(size, extreme);
            block[k / 4 * 16 + place[k % 4]] = (uint8_t)(weight + 128);
            sum += weight < 0 ? -weight : weight;
        }
        random_channel(c, four, channel, sum, 8);
    }
}

int32_t cases(void) {
    static const int orders[] = {
        UPYML_ORDER_DISJOINT, UPYML_ORDER_FORWARD, UPYML_ORDER_REVERSE, UPYML_ORDER_PLANE, UPYML_ORDER_PLANE,
    };
    int32_t passed = 0;
    while (passed < CASES) {
        upyml_window p;
        if (one_in(6)) {
            random_step(&p);
        } else {
            random_shape(&p);
        }
        random_weights(&p);
        random_input(&p);
        plain_upyml_depthwise_conv2d_s8(&p, input, expected, NULL);
        p.order = orders[between(0, p.multiplier == 1 ? 4 : 2)];
        if (p.order == UPYML_ORDER_DISJOINT && one_in(2)) {
            random_rows(&p);
        }
        places at = random_places(&p);
        int32_t strip = one_in(3) ? 1 : one_in(2) ? p.out_h : between(1, p.out_h);
        p.scratch_size = upyml_depthwise_conv2d_s8_scratch_size(&p, strip);
        if (at.scratch + p.scratch_size + GUARD > ARENA) {
            continue;
        }
        fill_arena(&p, &at);
        int8_t *bytes = (int8_t *)arena;
        upyml_depthwise_conv2d_s8(&p, bytes + at.input, bytes + at.output, arena + at.scratch);
        if (!right(&p, &at)) {
            describe(&p, &at);
            return passed;
        }
        passed++;
    }
    return passed;
}
