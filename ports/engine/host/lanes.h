// Vectors of 16 bytes, as GCC and Clang have them for any processor, and the one step that they do not know of by
// themselves: a product of pairs, one instruction of SSE2 and three of a 64-bit Arm.
#ifndef UPYML_HOST_LANES_H
#define UPYML_HOST_LANES_H

#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#elif defined __aarch64__
#include <arm_neon.h>
#endif

// 1 in tests: rooms are small then, so that what is seldom too large for them often is.
#ifndef UPYML_SMALL_ROOMS
#define UPYML_SMALL_ROOMS 0
#endif

typedef uint32_t upyml_words __attribute__((vector_size(16)));  // unsigned: accumulators wrap
typedef int32_t upyml_signed_words __attribute__((vector_size(16)));
typedef int64_t upyml_longs __attribute__((vector_size(16)));
typedef int16_t upyml_halves __attribute__((vector_size(16)));
typedef uint16_t upyml_unsigned_halves __attribute__((vector_size(16)));

static inline upyml_halves upyml_load_halves(const void *bytes) {
    upyml_halves lanes;
    memcpy(&lanes, bytes, sizeof lanes);
    return lanes;
}

static inline upyml_words upyml_load_words(const void *bytes) {
    upyml_words lanes;
    memcpy(&lanes, bytes, sizeof lanes);
    return lanes;
}

static inline upyml_words upyml_four_words(uint32_t value) {
    return (upyml_words){value, value, value, value};
}

// All four lanes one of those of `words`: what compilers would make of four loads where it lies in memory.
#ifdef __SSE2__
#define UPYML_BROADCAST(words, lane) ((upyml_halves)_mm_shuffle_epi32((__m128i)(words), 0x55 * (lane)))
#else
#define UPYML_BROADCAST(words, lane) ((upyml_halves)upyml_four_words((words)[lane]))
#endif

// sum[i] + a[2i] * b[2i] + a[2i+1] * b[2i+1].
static inline upyml_words upyml_add_products(upyml_words sum, upyml_halves a, upyml_halves b) {
#ifdef __SSE2__
    return sum + (upyml_words)_mm_madd_epi16((__m128i)a, (__m128i)b);
#elif defined __aarch64__
    int32x4_t first = vmull_s16(vget_low_s16((int16x8_t)a), vget_low_s16((int16x8_t)b));
    return sum + (upyml_words)vpaddq_s32(first, vmull_high_s16((int16x8_t)a, (int16x8_t)b));
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

static inline upyml_words upyml_interleave_first_words(upyml_words a, upyml_words b) {
#ifdef __SSE2__
    return (upyml_words)_mm_unpacklo_epi32((__m128i)a, (__m128i)b);
#else
    return (upyml_words){a[0], b[0], a[1], b[1]};
#endif
}

static inline upyml_words upyml_interleave_last_words(upyml_words a, upyml_words b) {
#ifdef __SSE2__
    return (upyml_words)_mm_unpackhi_epi32((__m128i)a, (__m128i)b);
#else
    return (upyml_words){a[2], b[2], a[3], b[3]};
#endif
}

#endif
