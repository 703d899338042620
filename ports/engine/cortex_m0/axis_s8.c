// MEAN on a Cortex-M0+: four values of the inner axis at once. ARGMAX is the plain one.
#define upyml_mean_s8 upyml_mean_plain_s8
#include "../kernels/axis_s8.c"
#undef upyml_mean_s8

#include "sum_channels.h"

void upyml_mean_s8(const upyml_axis *p, const int8_t *input, int8_t *output) {
    if (!upyml_m0_in_words(input, p->inner)) {
        upyml_mean_plain_s8(p, input, output);
        return;
    }
    for (int32_t outer = 0; outer < p->outer; outer++, input += p->count * p->inner, output += p->inner) {
        for (int32_t inner = 0; inner < p->inner; inner += 4) {
            int32_t sums[4] = {0, 0, 0, 0};
            for (int32_t done = 0; done < p->count; done += UPYML_M0_MOST_SUMMED) {
                int32_t count = p->count - done < UPYML_M0_MOST_SUMMED ? p->count - done : UPYML_M0_MOST_SUMMED;
                uint32_t lanes[2] = {0, 0};
                upyml_m0_add_lanes(lanes, input + done * p->inner + inner, p->inner, count);
                for (int i = 0; i < 4; i++) {
                    sums[i] += upyml_m0_lane_sum(lanes, i, count);
                }
            }
            for (int i = 0; i < 4; i++) {
                int32_t y = upyml_requantize(sums[i] - p->count * p->in_zero_point, p->multiplier, p->shift);
                output[inner + i] = (int8_t)upyml_clamp(upyml_add_wrapped(y, p->out_zero_point), p->clamp_min, p->clamp_max);
            }
        }
    }
}
