// Layer normalization in integers. The square sum of a row is exact; one over its root is good to 15 bits, which is far
// finer than a step of the output. Of the wide products only two a row have 64 bits.
#include "../load.h"
#include "../requantize.h"
#include "layer_norm.h"

static int32_t shifted(int32_t x, int right) {
    return right > 0 ? upyml_divide_by_power(x, right) : (int32_t)((uint32_t)x << -right);
}

static void normalize(const upyml_layer_norm *p, const int8_t *input, int8_t *output, int narrow) {
    int32_t sum = 0;
    uint32_t squares = 0;
    for (int32_t i = 0; i < p->count; i++) {
        int32_t x = input[i] - p->in_zero_point;
        sum += x;
        squares += (uint32_t)(x * x);
    }
    sum = p->centered ? sum : 0;
    int exponent;
    int32_t inverse = (int32_t)upyml_inverse_root(upyml_spread(p, sum, squares), &exponent);
    int right = UPYML_NORMAL_SHIFT + exponent - narrow;
    for (int32_t i = 0; i < p->count; i++) {
        int32_t distance = upyml_divide_by_power(p->count * (input[i] - p->in_zero_point) - sum, narrow);
        int32_t normal = upyml_clamp(shifted(distance * inverse, right), -32768, 32767);
        int32_t gamma = upyml_load_int16(p->gamma + 2 * i);
        int32_t y = upyml_add_wrapped(normal * gamma, upyml_load_int32(p->beta + 4 * i));
        y = upyml_add_wrapped(upyml_requantize(y, p->multiplier, p->shift), p->out_zero_point);
        output[i] = (int8_t)upyml_clamp(y, p->clamp_min, p->clamp_max);
    }
}

void upyml_layer_norm_s8(const upyml_layer_norm *p, const int8_t *input, int8_t *output) {
    int narrow = upyml_narrowing(p->count);
    for (int32_t row = 0; row < p->rows; row++, input += p->count, output += p->count) {
        normalize(p, input, output, narrow);
    }
}
