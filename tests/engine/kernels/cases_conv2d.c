// Convolutions of any shape, order, strip and place: the same bytes as the plain kernel, none written elsewhere.
#include "rows.h"
#include "window_case.h"

void plain_upyml_conv2d_s8(const upyml_window *p, const int8_t *input, int8_t *output, uint8_t *scratch);

enum {
    CASES = 2400,
    MAX_OUT_CHANNELS = 24,
    MAX_WEIGHTS = 700,  // of a channel
};

static uint8_t weights[MAX_OUT_CHANNELS * (MAX_WEIGHTS + 64) + 4], channels[MAX_OUT_CHANNELS * 10 + 4];

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

// Returns the sum of the weights' sizes.
static int32_t random_channel_weights(const upyml_window *p, uint8_t *w, int32_t channel) {
    static const int place[] = {2, 0, 3, 1};
    int32_t run = p->kernel_w * p->in_c, row_bytes = 16 * ((run + 3) / 4), sum = 0;
    int32_t size = one_in(3) ? 127 : between(1, 100), extreme = one_in(8);
    for (int32_t ky = 0; ky < p->kernel_h; ky++) {
        uint8_t *row = w + (channel / 4 * p->kernel_h + ky) * row_bytes + channel % 4 * 4;
        for (int32_t k = 0; k < run; k++) {
            int32_t weight = extreme ? (one_in(2) ? -127 : 127) : between(-size, size);
            row[k / 4 * 16 + place[k % 4]] = (uint8_t)(weight + 128);
            sum += weight < 0 ? -weight : weight;
        }
    }
    return sum;
}

static void random_weights(upyml_window *p) {
    int32_t four = (p->out_c + 3) & ~3;
    int odd = one_in(4);
    uint8_t *w = weights + (odd ? between(0, 3) : 0), *c = channels + (odd ? between(0, 3) : 0);
    p->weights = w;
    p->channels = c;
    memset(weights, 128, sizeof weights);
    memset(channels, 1, sizeof channels);
    for (int32_t channel = 0; channel < p->out_c; channel++) {
        random_channel(c, four, channel, random_channel_weights(p, w, channel), 12);
    }
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
        plain_upyml_conv2d_s8(&p, input, expected, NULL);
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
