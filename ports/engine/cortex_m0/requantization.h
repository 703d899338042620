// Requantization of many accumulators of one output channel with one multiplication each, see requantization.c.
#ifndef UPYML_CORTEX_M0_REQUANTIZATION_H
#define UPYML_CORTEX_M0_REQUANTIZATION_H

#include <stdint.h>

// One channel, prepared. requantize_channels.S knows the offsets: every field is a word.
typedef struct {
    // u = (accumulator >> pre_shift) * factor + offset. Unless (u & guard) = 0, u >> shift is the output less `low`.
    int32_t pre_shift, offset, guard, shift, factor;
    int32_t range, low;  // the clamp: low to low + range
    int32_t zero_point;  // less `low`
    int32_t right_shift, multiplier;  // as in the file: for the exact path
    int32_t plain;  // 1: a left shift or a multiplier below 0, upyml_requantize does it
    int32_t middle, reach;  // of the range without the zero point: twice the middle, and half the width and some more
} upyml_prepared;

// What all channels have in common. low, high: the clamp, in int8, as is the zero point.
void upyml_prepare_range(upyml_prepared *q, int32_t zero_point, int32_t low, int32_t high);

// One channel of that range (prepare_channel.S). bits: accumulators lie in (-2^bits, 2^bits), 1 to 32.
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

// requantize_channels.S: `channels` of one range, none of them plain; their q, accumulators and outputs lie one after
// another.
void upyml_requantize_channels(const int32_t *accumulators, int8_t *output, const upyml_prepared *q,
    int32_t count, int32_t accumulator_step, int32_t output_step, int32_t channels);
void upyml_requantize_plain(const int32_t *accumulators, int8_t *output, const upyml_prepared *q,
    int32_t count, int32_t accumulator_step, int32_t output_step);

// output[i * output_step] = requantized accumulators[i * accumulator_step], steps in bytes. count: at least 1.
static inline void upyml_requantize_prepared(const int32_t *accumulators, int8_t *output, const upyml_prepared *q,
    int32_t count, int32_t accumulator_step, int32_t output_step) {
    if (q->plain) {
        upyml_requantize_plain(accumulators, output, q, count, accumulator_step, output_step);
    } else {
        upyml_requantize_channels(accumulators, output, q, count, accumulator_step, output_step, 1);
    }
}

#endif
