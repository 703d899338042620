// Requantization by the high word of one product, exact. With hi = (4 * accumulator * multiplier) >> 32, in units of half
// the first rounding's, the two roundings are
//     (hi + 2 * (hi >> 31) + 1 + 2^rs) >> (rs + 1)    for a shift to the right by rs, at least 1:
// 1 is the first one's half, 2^rs the second's, and numbers below 0 round the other way: 2 less. (hi = -1, which the first
// rounds to 0, is not changed by it.) For a shift by 0 there is no second one: (hi + 1) >> 1. The offset adds the zero point
// and takes off the clamp's low end: then one unsigned comparison clamps. 9 or 10 instructions, where 4 * accumulator and
// the sum have room in 32 bits; all else is `plain`.
#ifndef UPYML_RISCV_REQUANTIZATION_H
#define UPYML_RISCV_REQUANTIZATION_H

#include "../requantize.h"

// One channel, prepared. The assembly knows the offsets: every field is a word.
typedef struct {
    int32_t multiplier, offset, shift;  // rs + 1
    int32_t below;  // -2, or 0 for rs = 0: what is added to a number below 0
    int32_t range, low;  // the clamp: low to low + range
    int32_t zero_point;
    int32_t file_shift;  // as in the file
    int32_t plain;  // 1: upyml_requantize does it
} upyml_prepared;

// What all channels have in common. low, high: the clamp, in int8, as is the zero point.
void upyml_prepare_range(upyml_prepared *q, int32_t zero_point, int32_t low, int32_t high);

// One channel of that range. bits: accumulators lie in (-2^bits, 2^bits), 1 to 32.
void upyml_prepare_channel(upyml_prepared *q, int32_t multiplier, int shift, int bits);

static inline void upyml_prepare(upyml_prepared *q, int32_t multiplier, int shift, int bits, int32_t zero_point,
    int32_t low, int32_t high) {
    upyml_prepare_range(q, zero_point, low, high);
    upyml_prepare_channel(q, multiplier, shift, bits);
}

// Of a channel that is not plain.
static inline int8_t upyml_requantize_fast(const upyml_prepared *q, int32_t accumulator) {
    int32_t hi = (int32_t)((int64_t)(int32_t)(4 * (uint32_t)accumulator) * q->multiplier >> 32);
    int32_t y = upyml_add_wrapped(hi + (hi >> 31 & q->below), q->offset) >> q->shift;
    if (__builtin_expect((uint32_t)y > (uint32_t)q->range, 0)) {  // so that nothing of it is computed ahead
        y = y < 0 ? 0 : q->range;
    }
    return (int8_t)(y + q->low);
}

// output[i * output_step] = requantized accumulators[i * accumulator_step], steps in bytes. count: at least 1.
void upyml_requantize_prepared(const int32_t *accumulators, int8_t *output, const upyml_prepared *q, int32_t count,
    int32_t accumulator_step, int32_t output_step);

// upyml_requantize, of one value that nothing was prepared for.
#define upyml_requantize_one upyml_requantize

#endif
