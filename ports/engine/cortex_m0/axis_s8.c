// MEAN on a Cortex-M0+: four values of the inner axis at once, requantized as a convolution's sums are. ARGMAX is the
// plain one.
#define upyml_mean_s8 upyml_mean_plain_s8
#include "../kernels/axis_s8.c"
#undef upyml_mean_s8

#include "requantization.h"
#include "sum_channels.h"

enum { BATCH = 32 };

// Sums of four values of the inner axis, each less the zero point.
static void sum_four(const upyml_axis *p, const int8_t *input, int32_t *sums) {
    for (int i = 0; i < 4; i++) {
        sums[i] = -p->count * p->in_zero_point;
    }
    for (int32_t left = p->count; left > 0; left -= UPYML_M0_MOST_SUMMED) {
        int32_t count = left < UPYML_M0_MOST_SUMMED ? left : UPYML_M0_MOST_SUMMED;
        uint32_t lanes[2] = {0, 0};
        upyml_m0_add_lanes(lanes, input, p->inner, count);
        input += count * p->inner;
        for (int i = 0; i < 4; i++) {
            sums[i] += upyml_m0_lane_sum(lanes, i, count);
        }
    }
}

void upyml_mean_s8(const upyml_axis *p, const int8_t *input, int8_t *output) {
    if (!upyml_m0_in_words(input, p->inner)) {
        upyml_mean_plain_s8(p, input, output);
        return;
    }
    int bits = 8;  // of a sum: values less the zero point are 8 bits and a sign
    while (p->count >> (bits - 8)) {
        bits++;
    }
    upyml_prepared q;
    upyml_prepare(&q, p->multiplier, p->shift, bits, p->out_zero_point, p->clamp_min, p->clamp_max);
    for (int32_t outer = 0; outer < p->outer; outer++, input += p->count * p->inner, output += p->inner) {
        for (int32_t inner = 0; inner < p->inner; inner += BATCH) {
            int32_t sums[BATCH], size = p->inner - inner < BATCH ? p->inner - inner : BATCH;
            for (int32_t i = 0; i < size; i += 4) {
                sum_four(p, input + inner + i, sums + i);
            }
            upyml_requantize_prepared(sums, output + inner, &q, size, 4, 1);
        }
    }
}
