// The only rounding and clamping: gemmlowp's fixed point, as the TFLite quantization specification has it.
#ifndef UPYML_REQUANTIZE_H
#define UPYML_REQUANTIZE_H

#include <stdint.h>

// a * b / 2^31, rounded half away from zero (half up, if negative); only INT32_MIN squared saturates.
static inline int32_t upyml_doubling_high_mul(int32_t a, int32_t b) {
    if (a == INT32_MIN && b == INT32_MIN) {
        return INT32_MAX;
    }
#ifdef __ARM_ARCH_6M__
    // No long multiplication: four products of halves take a quarter of the time of the compiler's library.
    int32_t a1 = a >> 16, b1 = b >> 16, a0 = a & 0xffff, b0 = b & 0xffff;
    int32_t middle1 = a1 * b0, middle2 = a0 * b1;
    uint32_t low = (uint32_t)a0 * (uint32_t)b0;
    uint32_t carry = (low >> 16) + (middle1 & 0xffff) + (middle2 & 0xffff);  // bits 16 to 47 of the product, partly
    uint32_t high = (uint32_t)(a1 * b1 + (middle1 >> 16) + (middle2 >> 16)) + (carry >> 16);
    return (int32_t)((high << 1 | (carry >> 15 & 1)) + (carry >> 14 & 1));
#else
    int64_t product = (int64_t)a * b;
    int64_t nudge = product >= 0 ? (1 << 30) : 1 - (1 << 30);
    return (int32_t)((product + nudge) / ((int64_t)1 << 31));
#endif
}

// x / 2^exponent, rounded half away from zero. exponent: 0 to 62.
static inline int32_t upyml_divide_by_power(int32_t x, int exponent) {
    if (exponent < 32) {
        uint32_t mask = (1u << exponent) - 1, threshold = (mask >> 1) + (x < 0);
        return (x >> (exponent < 31 ? exponent : 31)) + (((uint32_t)x & mask) > threshold);
    }
    return exponent == 32 && x == INT32_MIN ? -1 : 0;
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
