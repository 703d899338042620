// Softmax in integers, with the roundings of TFLite's reference: exp() of the scaled difference to the largest value in
// Q5.26, the sum in Q12.19, one over the sum by Newton-Raphson.
#include "../fixed_point.h"
#include "../kernels.h"
#include "../requantize.h"

#define ACCUMULATOR_BITS 12  // integer bits of the sum

// An exponential takes hundreds of cycles, but there are only 256 of them.
static int32_t exp_of(const upyml_softmax *p, int32_t diff) {
    if (p->known && p->known[-diff]) {
        return p->known[-diff];
    }
    int32_t made = upyml_exp_negative(upyml_requantize(diff, p->multiplier, p->shift));
    if (p->known) {
        p->known[-diff] = made;
    }
    return made;
}

void upyml_softmax_s8(const upyml_softmax *p, const int8_t *input, int8_t *output) {
    for (int32_t row = 0; row < p->rows; row++, input += p->classes, output += p->classes) {
        int32_t max = -128, sum = 0;
        for (int32_t i = 0; i < p->classes; i++) {
            max = input[i] > max ? input[i] : max;
        }
        for (int32_t i = 0; i < p->classes; i++) {
            if (input[i] - max >= p->diff_min) {
                sum += upyml_divide_by_power(exp_of(p, input[i] - max), ACCUMULATOR_BITS);
            }
        }
        int headroom;
        int32_t scale = upyml_reciprocal((uint32_t)sum, &headroom);
        int bits_over_one = ACCUMULATOR_BITS - headroom;
        for (int32_t i = 0; i < p->classes; i++) {
            int32_t y = -128;
            if (input[i] - max >= p->diff_min) {
                int32_t share = upyml_doubling_high_mul(scale, exp_of(p, input[i] - max));
                y = upyml_clamp(upyml_divide_by_power(share, bits_over_one + 31 - 8) - 128, -128, 127);
            }
            output[i] = (int8_t)y;
        }
    }
}
