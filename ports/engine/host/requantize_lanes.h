// Requantization of several values at once, in loops that compilers turn into vectors.
//
// A vector of SSE2 multiplies unsigned 32-bit lanes only, and shifts all of its lanes by one count. So values are moved
// by 2^31, which adds no more than the factor itself to the result, and the shift to the right is another product.
#ifndef UPYML_HOST_REQUANTIZE_LANES_H
#define UPYML_HOST_REQUANTIZE_LANES_H

#include <string.h>

#include "../requantize.h"
#include "lanes.h"

// floor((x * factor + round) / 2^31) of a signed x, modulo 2^32. factor: up to 2^31.
static inline uint32_t upyml_high_product(uint32_t x, uint32_t factor, uint32_t round) {
    return (uint32_t)(((uint64_t)(x ^ 0x80000000u) * factor + round) >> 31) - factor;
}

// y / 2^n rounded half away from zero is (((y - (y < 0)) >> (n - 1)) + 1) >> 1: what stands before the inner shift.
static inline uint32_t upyml_before_shift(uint32_t y) {
    return y + (uint32_t)((int32_t)y >> 31);
}

// How accumulators of channels become outputs, for as many channels as are ready at a time.
enum { UPYML_READY = UPYML_SMALL_ROOMS ? 32 : 256 };

typedef struct {
    uint32_t bias[UPYML_READY], multiplier[UPYML_READY];
    uint32_t power[UPYML_READY];  // 2^(32 - n): a product with it is a shift by n - 1 to the right
    int8_t shift[UPYML_READY];
    uint8_t usual[UPYML_READY / 4];  // of each four: 1 if multipliers are 0 or more and shifts go to the right by 1 or more
} upyml_factors;

typedef struct {
    int32_t zero_point, low, high;
} upyml_range;

static inline void upyml_set_factor(upyml_factors *f, int32_t i, uint32_t bias, int32_t multiplier, int shift) {
    f->bias[i] = bias;
    f->multiplier[i] = (uint32_t)multiplier;
    f->shift[i] = (int8_t)shift;
    f->power[i] = shift < 0 ? 1u << (32 + shift) : 0;
    f->usual[i >> 2] = ((i & 3) == 0 || f->usual[i >> 2]) && multiplier >= 0 && shift < 0;
}

// upyml_requantize of 16 values with one factor.
static inline void upyml_requantize_16(const uint32_t x[16], int32_t multiplier, int shift, int32_t y[16]) {
    if (multiplier < 0 || shift > 0) {
        for (int i = 0; i < 16; i++) {
            y[i] = upyml_requantize((int32_t)x[i], multiplier, shift);
        }
        return;
    }
    uint32_t product[16];
    for (int i = 0; i < 16; i++) {
        product[i] = upyml_high_product(x[i], (uint32_t)multiplier, 1u << 30);
    }
    for (int i = 0; i < 16; i++) {
        y[i] = shift == 0 ? (int32_t)product[i] : (((int32_t)upyml_before_shift(product[i]) >> (-1 - shift)) + 1) >> 1;
    }
}

static inline void upyml_clamp_16(const int32_t y[16], const upyml_range *range, int8_t outputs[16]) {
    for (int i = 0; i < 16; i++) {
        outputs[i] = (int8_t)upyml_clamp(upyml_add_wrapped(y[i], range->zero_point), range->low, range->high);
    }
}

// The same for values of up to 2^30 in size: what saturates at 16 bits stays beyond the clamp.
static inline void upyml_clamp_usual_16(const int32_t y[16], const upyml_range *range, int8_t outputs[16]) {
#ifdef __SSE2__
    __m128i zero_point = _mm_set1_epi16((int16_t)range->zero_point), eights[2];
    __m128i low = _mm_set1_epi16((int16_t)range->low), high = _mm_set1_epi16((int16_t)range->high);
    for (int i = 0; i < 2; i++) {
        __m128i packed = _mm_packs_epi32((__m128i)upyml_load_words(y + 8 * i), (__m128i)upyml_load_words(y + 8 * i + 4));
        eights[i] = _mm_min_epi16(_mm_max_epi16(_mm_adds_epi16(packed, zero_point), low), high);
    }
    __m128i bytes = _mm_packs_epi16(eights[0], eights[1]);
    memcpy(outputs, &bytes, 16);
#else
    upyml_clamp_16(y, range, outputs);
#endif
}

static inline void upyml_usual_16(const uint32_t sums[16], const uint32_t multiplier[16], const uint32_t power[16],
    int32_t y[16]) {
    for (int i = 0; i < 16; i++) {
        uint32_t product = upyml_high_product(sums[i], multiplier[i], 1u << 30);
        uint32_t shifted = upyml_high_product(upyml_before_shift(product), power[i], 0);
        y[i] = (int32_t)(shifted + 1) >> 1;
    }
}

// Accumulators of 16 channels to outputs: those from `first`, a multiple of 4, on.
static inline void upyml_finish_16(const uint32_t sums[16], const upyml_factors *f, int32_t first,
    const upyml_range *range, int8_t outputs[16]) {
    static const uint8_t all[4] = {1, 1, 1, 1};
    int32_t y[16];
    if (memcmp(f->usual + (first >> 2), all, 4) == 0) {
        upyml_usual_16(sums, f->multiplier + first, f->power + first, y);
        upyml_clamp_usual_16(y, range, outputs);
    } else {
        for (int i = 0; i < 16; i++) {
            y[i] = upyml_requantize((int32_t)sums[i], (int32_t)f->multiplier[first + i], f->shift[first + i]);
        }
        upyml_clamp_16(y, range, outputs);
    }
}

// Accumulators of four pixels with four channels each.
static inline void upyml_finish_4_by_4(const uint32_t sums[16], const upyml_factors *f, int32_t first,
    const upyml_range *range, int8_t outputs[16]) {
    int32_t y[16];
    if (f->usual[first >> 2]) {
        uint32_t multiplier[16], power[16];
        for (int i = 0; i < 16; i += 4) {
            memcpy(multiplier + i, f->multiplier + first, 16);
            memcpy(power + i, f->power + first, 16);
        }
        upyml_usual_16(sums, multiplier, power, y);
        upyml_clamp_usual_16(y, range, outputs);
    } else {
        for (int i = 0; i < 16; i++) {
            int32_t own = first + (i & 3);
            y[i] = upyml_requantize((int32_t)sums[i], (int32_t)f->multiplier[own], f->shift[own]);
        }
        upyml_clamp_16(y, range, outputs);
    }
}

#endif
