// Requantization of many accumulators of one output channel with one multiplication each, see requantization.c.
#ifndef UPYML_CORTEX_M0_REQUANTIZATION_H
#define UPYML_CORTEX_M0_REQUANTIZATION_H

#include <stdint.h>

// One channel, prepared. The assembly knows the places: every field is a word.
typedef struct {
    int32_t multiplier, right_shift;  // as in the file, right_shift below 0 for a left one: for the exact path
    // u = (accumulator >> pre_shift) * factor + offset. Unless (u & guard) = 0, u >> shift is the output less `low`.
    int32_t pre_shift, factor;
    int32_t shift;  // its lowest byte; below 0 in the last channel
    int32_t guard, offset;
} upyml_channel_factors;

// What all channels of a layer have in common.
typedef struct {
    int32_t range, low;  // the clamp: low to low + range
    int32_t zero_point;  // less `low`
    int32_t middle, reach;  // of the range without the zero point: twice the middle, and half the width and some more
    int32_t half_up;  // 2 * zero_point + 1
} upyml_output_range;

typedef struct {
    upyml_channel_factors channel;
    upyml_output_range range;
} upyml_prepared;

// low, high: the clamp, in int8, as is the zero point.
void upyml_output_range_of(upyml_output_range *range, int32_t zero_point, int32_t low, int32_t high);

static inline void upyml_prepare_range(upyml_prepared *q, int32_t zero_point, int32_t low, int32_t high) {
    upyml_output_range_of(&q->range, zero_point, low, high);
}

// One channel of that range (prepare_block.S). bits: accumulators lie in (-2^bits, 2^bits), 1 to 32.
void upyml_prepare_channel(upyml_prepared *q, int32_t multiplier, int shift, int bits);

static inline void upyml_prepare(upyml_prepared *q, int32_t multiplier, int shift, int bits,
    int32_t zero_point, int32_t low, int32_t high) {
    upyml_prepare_range(q, zero_point, low, high);
    upyml_prepare_channel(q, multiplier, shift, bits);
}

// upyml_requantize of one accumulator by products of 16-bit halves. multiplier: at least 0. right_shift: 0 to 31.
static inline int32_t upyml_m0_requantize_exact(int32_t accumulator, int32_t multiplier, int right_shift) {
    int32_t a0 = (int16_t)accumulator, a1 = ((accumulator >> 15) + 1) >> 1;
    int32_t m0 = (int16_t)multiplier, m1 = (int32_t)(((uint32_t)multiplier - (uint32_t)m0) >> 16);
    // Halves are -2^15 to 2^15, but only those of a number below 0 have both ends: the sum is below 2^31 - 2^14.
    int32_t middle = (a0 * m0 >> 16) + a1 * m0 + a0 * m1;
    int32_t high = (int32_t)(2 * (uint32_t)a1 * (uint32_t)m1 + (uint32_t)((middle + (1 << 14)) >> 15));
    return right_shift == 0 ? high : (((high + (high >> 31)) >> (right_shift - 1)) + 1) >> 1;
}

// upyml_requantize itself, which is too large to be in many places.
int32_t upyml_m0_requantize_any(int32_t accumulator, int32_t multiplier, int shift);

// upyml_requantize, as fast as one value goes that nothing was prepared for.
static inline int32_t upyml_requantize_one(int32_t accumulator, int32_t multiplier, int shift) {
    return shift > 0 || multiplier < 0 ? upyml_m0_requantize_any(accumulator, multiplier, shift)
                                       : upyml_m0_requantize_exact(accumulator, multiplier, -shift);
}

// output[i * output_step] = requantized accumulators[i * accumulator_step], steps in bytes. count: at least 1.
// (requantize_channel.S)
void upyml_requantize_prepared(const int32_t *accumulators, int8_t *output, const upyml_prepared *q,
    int32_t count, int32_t accumulator_step, int32_t output_step);

#endif
