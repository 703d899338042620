// Vectors of 16 bytes, as GCC and Clang have them for any processor, and the two steps that they do not know of by
// themselves: a product of pairs (one instruction of SSE2) and the requantization of four lanes.
#ifndef UPYML_HOST_LANES_H
#define UPYML_HOST_LANES_H

#include <string.h>

#include "../requantize.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

// 1 in tests: rooms are small then, so that what is seldom too large for them often is.
#ifndef UPYML_SMALL_ROOMS
#define UPYML_SMALL_ROOMS 0
#endif

typedef uint32_t upyml_words __attribute__((vector_size(16)));  // unsigned: accumulators wrap
typedef int32_t upyml_signed_words __attribute__((vector_size(16)));
typedef int16_t upyml_halves __attribute__((vector_size(16)));
typedef uint16_t upyml_unsigned_halves __attribute__((vector_size(16)));

static inline upyml_halves upyml_load_halves(const void *bytes) {
    upyml_halves lanes;
    memcpy(&lanes, bytes, sizeof lanes);
    return lanes;
}

static inline upyml_words upyml_four_words(uint32_t value) {
    return (upyml_words){value, value, value, value};
}

// sum[i] + a[2i] * b[2i] + a[2i+1] * b[2i+1].
static inline upyml_words upyml_add_products(upyml_words sum, upyml_halves a, upyml_halves b) {
#ifdef __SSE2__
    return sum + (upyml_words)_mm_madd_epi16((__m128i)a, (__m128i)b);
#else
    upyml_words wide_a = (upyml_words)a, wide_b = (upyml_words)b;
    upyml_signed_words low_a = (upyml_signed_words)(wide_a << 16) >> 16, low_b = (upyml_signed_words)(wide_b << 16) >> 16;
    upyml_signed_words high_a = (upyml_signed_words)a >> 16, high_b = (upyml_signed_words)b >> 16;
    return sum + (upyml_words)low_a * (upyml_words)low_b + (upyml_words)high_a * (upyml_words)high_b;
#endif
}

// a[0], b[0], a[1], b[1] ..., of the first (last) four lanes.
static inline upyml_halves upyml_interleave_first(upyml_halves a, upyml_halves b) {
    return (upyml_halves){a[0], b[0], a[1], b[1], a[2], b[2], a[3], b[3]};
}

static inline upyml_halves upyml_interleave_last(upyml_halves a, upyml_halves b) {
    return (upyml_halves){a[4], b[4], a[5], b[5], a[6], b[6], a[7], b[7]};
}

// How four accumulators become outputs.
typedef struct {
    upyml_words bias, multiplier, power;
    int8_t shift[4];
    uint8_t is_usual;  // multipliers of 0 or more, shifts to the right by 1 or more
} upyml_factors;

typedef struct {
    int32_t zero_point, low, high;
} upyml_range;

static inline void upyml_set_factor(upyml_factors *f, int lane, int32_t multiplier, int shift) {
    f->multiplier[lane] = (uint32_t)multiplier;
    f->shift[lane] = (int8_t)shift;
    f->power[lane] = shift < 0 ? 1u << (32 + shift) : 0;
    f->is_usual = (lane == 0 || f->is_usual) && multiplier >= 0 && shift < 0;
}

#ifdef __SSE2__

// floor(x * factor / 2^31 + round / 2^31) for each lane, factor up to 2^31, modulo 2^32. SSE2 multiplies unsigned lanes
// 0 and 2 only: x + 2^31 is unsigned, and what that adds to the result is the factor itself.
static inline upyml_words upyml_high_product(upyml_words x, upyml_words factor, uint32_t round) {
    __m128i from_zero = (__m128i)(x ^ upyml_four_words(0x80000000u)), f = (__m128i)factor, half = _mm_set_epi32(0, (int)round, 0, (int)round);
    __m128i even = _mm_srli_epi64(_mm_add_epi64(_mm_mul_epu32(from_zero, f), half), 31);
    __m128i odd = _mm_add_epi64(_mm_mul_epu32(_mm_srli_epi64(from_zero, 32), _mm_srli_epi64(f, 32)), half);
    __m128i low_words = _mm_set_epi32(0, -1, 0, -1);
    odd = _mm_andnot_si128(low_words, _mm_slli_epi64(odd, 1));
    return (upyml_words)_mm_or_si128(_mm_and_si128(even, low_words), odd) - factor;
}

// upyml_requantize of four lanes, usual ones. y / 2^n rounded half away from zero is ((y - (y < 0)) >> (n - 1)) + 1) >> 1,
// and the inner shift, another for each lane, a product with the power 2^(32 - n).
static inline upyml_signed_words upyml_requantize_lanes(upyml_words x, const upyml_factors *f) {
    upyml_words y = upyml_high_product(x, f->multiplier, 1u << 30);
    y += (upyml_words)((upyml_signed_words)y >> 31);
    return (upyml_signed_words)(upyml_high_product(y, f->power, 0) + 1) >> 1;
}

#endif

// 16 accumulators to 16 outputs: four vectors, the factors of each `step` (0 or 1) after those of the one before.
static inline void upyml_finish_16(const upyml_words sums[4], const upyml_factors *f, int step, const upyml_range *range,
    int8_t outputs[16]) {
#ifdef __SSE2__
    if (f[0].is_usual && f[step].is_usual && f[2 * step].is_usual && f[3 * step].is_usual) {
        __m128i y[4];
        for (int i = 0; i < 4; i++) {
            y[i] = (__m128i)upyml_requantize_lanes(sums[i], f + i * step);
        }
        // No more than 2^30 in size: sums that saturate stay beyond the clamp.
        __m128i zero_point = _mm_set1_epi16((int16_t)range->zero_point);
        __m128i low = _mm_set1_epi16((int16_t)range->low), high = _mm_set1_epi16((int16_t)range->high);
        for (int i = 0; i < 2; i++) {
            __m128i eight = _mm_adds_epi16(_mm_packs_epi32(y[2 * i], y[2 * i + 1]), zero_point);
            y[i] = _mm_min_epi16(_mm_max_epi16(eight, low), high);
        }
        _mm_storeu_si128((__m128i *)(void *)outputs, _mm_packs_epi16(y[0], y[1]));
        return;
    }
#endif
    for (int i = 0; i < 16; i++) {
        const upyml_factors *own = f + (i >> 2) * step;
        int32_t y = upyml_requantize((int32_t)sums[i >> 2][i & 3], (int32_t)own->multiplier[i & 3], own->shift[i & 3]);
        outputs[i] = (int8_t)upyml_clamp(upyml_add_wrapped(y, range->zero_point), range->low, range->high);
    }
}

#endif
