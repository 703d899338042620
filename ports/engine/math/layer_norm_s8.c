// Layer normalization in integers. The square sum of a row is exact; one over its root is good to 15 bits, which is far
// finer than a step of the output. Of the wide products only two a row have 64 bits.
#include "../load.h"
#include "../requantize.h"
#include "attention.h"

enum { NORMAL_BITS = 11 };  // fraction of a normalized value, which has 16 bits: 16 deviations at most

// Largest r with r * r <= x, for x of at least 2^30.
static uint32_t root_of(uint32_t x) {
    uint32_t root = 0;
    for (uint32_t bit = 1u << 15; bit; bit >>= 1) {
        uint32_t tried = root | bit;
        root = tried * tried <= x ? tried : root;
    }
    return root;
}

// 1 / sqrt(x) as inverse / 2^(31 + exponent), inverse in [2^15, 2^16]. x: at least 1.
static uint32_t inverse_root(uint64_t x, int *exponent) {
    int e = 0;
    while (x >> 32) {
        x >>= 2;
        e++;
    }
    uint32_t low = (uint32_t)x;
    while (low < 1u << 30) {
        low <<= 2;
        e--;
    }
    *exponent = e;
    return (1u << 31) / root_of(low);
}

static int32_t shifted(int32_t x, int right) {
    return right > 0 ? upyml_divide_by_power(x, right) : (int32_t)((uint32_t)x << -right);
}

static void normalize(const upyml_layer_norm *p, const int8_t *input, int8_t *output) {
    int32_t sum = 0;
    uint32_t squares = 0;
    for (int32_t i = 0; i < p->count; i++) {
        int32_t x = input[i] - p->in_zero_point;
        sum += x;
        squares += (uint32_t)(x * x);
    }
    sum = p->centered ? sum : 0;
    // count^2 times the variance
    uint64_t spread = (uint64_t)(uint32_t)p->count * squares - (uint64_t)((int64_t)sum * sum);
    int exponent, narrow = 0;
    int32_t inverse = (int32_t)inverse_root((spread << 8) + p->epsilon, &exponent);
    while ((255 * p->count) >> narrow > 32512) {
        narrow++;
    }
    int right = 31 - 4 - NORMAL_BITS + exponent - narrow;
    for (int32_t i = 0; i < p->count; i++) {
        int32_t distance = upyml_divide_by_power(p->count * (input[i] - p->in_zero_point) - sum, narrow);
        int32_t normal = upyml_clamp(shifted(distance * inverse, right), -32768, 32767);
        int32_t gamma = (int16_t)upyml_load16(p->gamma + 2 * i);
        int32_t y = upyml_add_wrapped(normal * gamma, upyml_load_int32(p->beta + 4 * i));
        y = upyml_add_wrapped(upyml_requantize(y, p->multiplier, p->shift), p->out_zero_point);
        output[i] = (int8_t)upyml_clamp(y, p->clamp_min, p->clamp_max);
    }
}

void upyml_layer_norm_s8(const upyml_layer_norm *p, const int8_t *input, int8_t *output) {
    for (int32_t row = 0; row < p->rows; row++, input += p->count, output += p->count) {
        normalize(p, input, output);
    }
}
