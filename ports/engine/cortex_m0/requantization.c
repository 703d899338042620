// Why one multiplication is exact. With M = multiplier / 2^(31 + right shift), the output less `low` is the integer
// part of t = accumulator * M + zero point - low + 1/2, clamped, unless t is within e of an integer, where e holds the
// rounding of the first of the two steps, 2^-(right shift + 1). In units of 2^-shift, t is taken as
//     u = (accumulator >> pre_shift) * factor + offset, where factor = multiplier / 2^drop, rounded.
// The bits that pre_shift drops make it too small by less than M * 2^pre_shift: half of that goes into the offset, half
// into e. The rounding of the factor, residual / multiplier of it, grows with the accumulator: its value in the middle
// of the output's range goes into the offset, half of the range's width times it into e. Then e is added to the offset:
// t is in [u - 2e, u]. So
// - u < 0: t < 0, the clamp's low end. u grows with the accumulator: this holds however far t is from the range.
// - the fraction of u is at least 2e: the integer parts of t and u are the same.
// - otherwise the exact path decides. The guard asks for a power of two instead of 2e, so that TST tells.
// accumulator * factor stays in 32 bits, signed; u is below 2^32, and BLT sees its true sign.
#include "requantization.h"

#include "../requantize.h"

// With the largest shift, offset and twice the error stay in 31 bits.
enum { MAX_SHIFT = 22, MIN_FACTOR_BITS = 6 };

void upyml_m0_prepare_range(upyml_requantization_m0 *q, int32_t zero_point, int32_t low, int32_t high) {
    int32_t middle = low + high - 2 * zero_point;
    q->range = high - low;
    q->low = low;
    q->zero_point = zero_point - low;
    q->middle = middle;
    // An eighth of the middle and of the width more: `ratio` below may be a 13th wrong.
    q->reach = high - low + 3 + ((high - low + (middle < 0 ? -middle : middle)) >> 3);
}

void upyml_m0_prepare_channel(upyml_requantization_m0 *q, int32_t multiplier, int shift, int bits) {
    int right = -shift;
    q->right_shift = right;
    q->multiplier = multiplier;
    q->plain = shift > 0 || multiplier < 0 || bits > 29;
    // Each bit of pre_shift doubles one error and halves the other: they are equal about here.
    int pre_shift = bits + right > 24 ? (bits + right - 24) >> 1 : 0;
    int precision = 31 - bits < MAX_SHIFT - right ? 31 - bits : MAX_SHIFT - right;
    int factor_bits = precision + pre_shift;
    if (multiplier < 1 << 30 || precision < 0 || factor_bits < MIN_FACTOR_BITS) {
        q->pre_shift = q->factor = q->offset = q->guard = q->shift = 0;  // always unsure
        return;
    }
    uint32_t rounded = (uint32_t)multiplier + ((1u << 30) >> factor_bits);
    int32_t factor = (int32_t)(rounded >> (31 - factor_bits));
    // residual / 2^drop, -1/2 to 1/2, in units of 2^-16: half less the bits that were dropped.
    int32_t residual = (int32_t)(rounded << (factor_bits + 1) ^ 0x7fffffff) >> 16;
    // 2^30 / multiplier in units of 2^-15: 1.4641 - x / 2 for 1 / x is wrong by a 14th at most from 1 to 2.
    int32_t inverse = 47976 - (multiplier >> 16);
    int32_t ratio = residual * inverse >> 15, ratio_size = ratio < 0 ? -ratio : ratio;
    int down = 16 - right + pre_shift;
    int32_t dropped = (factor - (factor >> pre_shift) + 1) >> 1;
    // 2048: `ratio` may be wrong by 4. (1 << precision) >> 1: the first rounding. 9: the roundings here.
    int32_t error = ((ratio_size * q->reach + 2048) >> down) + dropped + (1 << precision >> 1) + 9;
    int32_t one = 1 << (precision + right);
    q->pre_shift = pre_shift;
    q->shift = precision + right;
    q->factor = factor;
    q->offset = q->zero_point * one + (one >> 1) + dropped - (q->middle * ratio >> down) + error;
    uint32_t unsure = (uint32_t)error;  // to a power of two less 1
    unsure |= unsure >> 1;
    unsure |= unsure >> 2;
    unsure |= unsure >> 4;
    unsure |= unsure >> 8;
    unsure |= unsure >> 16;
    q->guard = (int32_t)((uint32_t)(one - 1) & ~(2 * unsure + 1));
}

void upyml_m0_requantize_plain(const int32_t *accumulators, int8_t *output, const upyml_requantization_m0 *q,
    int32_t count, int32_t accumulator_step, int32_t output_step) {
    for (; count > 0; count--, output += output_step) {
        int32_t y = upyml_requantize(*accumulators, q->multiplier, -q->right_shift);
        *output = (int8_t)(q->low + upyml_clamp(upyml_add_wrapped(y, q->zero_point), 0, q->range));
        accumulators = (const int32_t *)((const uint8_t *)accumulators + accumulator_step);
    }
}
