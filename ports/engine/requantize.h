// The only rounding and clamping: gemmlowp's fixed point, as the TFLite quantization specification has it.
#ifndef UPYML_REQUANTIZE_H
#define UPYML_REQUANTIZE_H

#include <stdint.h>

// a * b / 2^31, rounded half away from zero; only INT32_MIN squared saturates.
static inline int32_t upyml_doubling_high_mul(int32_t a, int32_t b) {
    if (a == INT32_MIN && b == INT32_MIN) {
        return INT32_MAX;
    }
    int64_t product = (int64_t)a * b;
    int64_t nudge = product >= 0 ? (1 << 30) : 1 - (1 << 30);
    return (int32_t)((product + nudge) / ((int64_t)1 << 31));
}

// x / 2^exponent, rounded half away from zero. exponent: 0 to 62.
static inline int32_t upyml_divide_by_power(int32_t x, int exponent) {
    int64_t mask = ((int64_t)1 << exponent) - 1;
    int64_t threshold = (mask >> 1) + (x < 0);
    return (int32_t)((int64_t)x >> exponent) + ((x & mask) > threshold);
}

// x * multiplier / 2^31 * 2^shift with both roundings. shift: -31 to 30; a left shift wraps.
static inline int32_t upyml_requantize(int32_t x, int32_t multiplier, int shift) {
    if (shift > 0) {
        return upyml_doubling_high_mul((int32_t)((uint32_t)x << shift), multiplier);
    }
    return upyml_divide_by_power(upyml_doubling_high_mul(x, multiplier), -shift);
}

static inline int32_t upyml_clamp(int32_t x, int32_t low, int32_t high) {
    return x < low ? low : x > high ? high : x;
}

// a + b where the sum may leave int32: clamps happen later, so it wraps as on every two's complement CPU.
static inline int32_t upyml_add_wrapped(int32_t a, int32_t b) {
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

#endif
