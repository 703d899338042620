#include "../kernels.h"
#include "../load.h"
#include "../requantize.h"

void upyml_mean_s8(const upyml_axis *p, const int8_t *input, int8_t *output) {
    for (int32_t outer = 0; outer < p->outer; outer++, input += p->count * p->inner, output += p->inner) {
        for (int32_t inner = 0; inner < p->inner; inner++) {
            int32_t sum = -p->count * p->in_zero_point;
            for (int32_t i = 0; i < p->count; i++) {
                sum += input[i * p->inner + inner];
            }
            int32_t y = upyml_add_wrapped(upyml_requantize(sum, p->multiplier, p->shift), p->out_zero_point);
            output[inner] = (int8_t)upyml_clamp(y, p->clamp_min, p->clamp_max);
        }
    }
}

void upyml_argmax_s8(const upyml_axis *p, const int8_t *input, uint8_t *output) {
    for (int32_t outer = 0; outer < p->outer; outer++, input += p->count * p->inner) {
        for (int32_t inner = 0; inner < p->inner; inner++, output += 4) {
            int32_t best = 0;
            for (int32_t i = 1; i < p->count; i++) {
                best = input[i * p->inner + inner] > input[best * p->inner + inner] ? i : best;
            }
            upyml_store32(output, (uint32_t)best);
        }
    }
}
