// Requantization in five instructions a value, exact:
//     h = accumulator * multiplier / 2^31, halves upwards;  h / 2^right_shift, halves away from zero;  + zero point
// SMMLAR rounds as the first step does if it is given twice the accumulator, and adds what the second needs: half of
// 2^right_shift, less 1 where h is below zero, and the zero point, shifted as the sum will be. The accumulator's sign
// stands for that of h: they differ only where h is 0, and 0 less 1 is rounded to 0, too.
#ifndef UPYML_CORTEX_M_DSP_REQUANTIZATION_H
#define UPYML_CORTEX_M_DSP_REQUANTIZATION_H

#include "dsp.h"

// One channel, prepared.
typedef struct {
    int32_t multiplier, offset, right_shift;
    int32_t plain;  // not as above: upyml_requantize does it, with right_shift below 0 for a left shift
    int32_t special;  // plain, or without a right shift, or clamped to less than int8
    int32_t zero_point, low, high;
} upyml_prepared;

// What all channels have in common. low, high: the clamp, in int8, as is the zero point.
static inline void upyml_prepare_range(upyml_prepared *q, int32_t zero_point, int32_t low, int32_t high) {
    q->zero_point = zero_point;
    q->low = low;
    q->high = high;
}

// One channel of that range. bits: accumulators lie in (-2^bits, 2^bits), 1 to 32.
void upyml_prepare_channel(upyml_prepared *q, int32_t multiplier, int shift, int bits);

static inline void upyml_prepare(upyml_prepared *q, int32_t multiplier, int shift, int bits, int32_t zero_point, int32_t low,
    int32_t high) {
    upyml_prepare_range(q, zero_point, low, high);
    upyml_prepare_channel(q, multiplier, shift, bits);
}

// Clamped to int8, for a channel that is not special.
static inline int32_t upyml_requantize_int8(int32_t accumulator, int32_t multiplier, int32_t offset, int32_t right_shift) {
    int32_t twice = (int32_t)((uint32_t)accumulator << 1);
    return upyml_ssat8(upyml_smmlar(twice, multiplier, offset + (accumulator >> 31)) >> right_shift);
}

// For any channel.
int32_t upyml_requantize_special(int32_t accumulator, const upyml_prepared *q);

static inline int32_t upyml_requantize_prepared_one(int32_t accumulator, const upyml_prepared *q) {
    return q->special ? upyml_requantize_special(accumulator, q)
                      : upyml_requantize_int8(accumulator, q->multiplier, q->offset, q->right_shift);
}

// output[i * output_step] = requantized accumulators[i * accumulator_step], steps in bytes. count: at least 1.
void upyml_requantize_prepared(const int32_t *accumulators, int8_t *output, const upyml_prepared *q, int32_t count,
    int32_t accumulator_step, int32_t output_step);

// upyml_requantize, of one value that nothing was prepared for.
#define upyml_requantize_one upyml_requantize

#endif
