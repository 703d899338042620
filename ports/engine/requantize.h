// The only rounding and clamping: gemmlowp's fixed point, as the TFLite quantization specification has it.
#ifndef UPYML_REQUANTIZE_H
#define UPYML_REQUANTIZE_H

#include <stdint.h>

// a * b / 2^31 rounded to the nearest, halves upwards; only INT32_MIN squared saturates.
static inline int32_t upyml_doubling_high_mul_of_64(int32_t a, int32_t b) {
    if (a == INT32_MIN && b == INT32_MIN) {
        return INT32_MAX;
    }
    return (int32_t)(((int64_t)a * b + (1 << 30)) >> 31);
}

// The same by products of 16-bit halves, each of which has room in 32 bits. Of the product of the lower halves the
// bits below 16 do not matter: the rounding looks at bit 30 of the whole.
static inline int32_t upyml_doubling_high_mul_of_16(int32_t a, int32_t b) {
    if (a == INT32_MIN && b == INT32_MIN) {
        return INT32_MAX;
    }
    int32_t a0 = (int32_t)((uint32_t)a & 0xffff), a1 = a >> 16, b0 = (int32_t)((uint32_t)b & 0xffff), b1 = b >> 16;
    int32_t middle = a1 * b0 + (int32_t)((uint32_t)a0 * (uint32_t)b0 >> 16);
    int32_t rest = a0 * b1 + (middle & 0xffff);
    uint32_t high = (uint32_t)(a1 * b1 + (middle >> 16)), low = (uint32_t)((rest + (1 << 14)) >> 15);
    return (int32_t)(2 * high + low);  // 2 * high alone may be 2^31
}

#ifdef __ARM_ARCH_6M__
// Not inline: kernels that multiply in a dozen places are half as large and no slower.
static __attribute__((noinline, unused)) int32_t upyml_doubling_high_mul(int32_t a, int32_t b) {
    return upyml_doubling_high_mul_of_16(a, b);  // no 64-bit product in this processor
}
#elif defined(__XTENSA__) && defined(UPYML_MULSH) && UPYML_MULSH
// MULSH, which the chips have and the compiler that is told of it in another way (ports/xtensa) does not know: the high
// word of the product, of which the rounding adds the two highest bits of the low one.
static inline int32_t upyml_doubling_high_mul(int32_t a, int32_t b) {
    if (a == INT32_MIN && b == INT32_MIN) {
        return INT32_MAX;
    }
    register int32_t high __asm("a8") = a;
    register int32_t by __asm("a9") = b;
    __asm(".byte 0x90, 0x88, 0xb2" : "+r"(high) : "r"(by));  // mulsh a8, a8, a9
    uint32_t low = (uint32_t)a * (uint32_t)b;
    return (int32_t)(2 * (uint32_t)high + (((low >> 30) + 1) >> 1));
}
#elif defined(__XTENSA__) && defined(UPYML_MULSH)
static inline int32_t upyml_doubling_high_mul(int32_t a, int32_t b) {
    return upyml_doubling_high_mul_of_16(a, b);
}
#else
static inline int32_t upyml_doubling_high_mul(int32_t a, int32_t b) {
    return upyml_doubling_high_mul_of_64(a, b);
}
#endif

// x / 2^exponent, rounded half away from zero. exponent: at least 0.
static inline int32_t upyml_divide_by_power(int32_t x, int exponent) {
    if (exponent > 31) {
        return exponent == 32 && x == INT32_MIN ? -1 : 0;
    }
    uint32_t mask = ((uint32_t)1 << exponent) - 1, threshold = (mask >> 1) + (x < 0);
    return (x >> exponent) + (((uint32_t)x & mask) > threshold);
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
