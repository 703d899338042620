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

// The largest shift: offset and twice the error stay in 31 bits.
enum { MAX_SHIFT = 22, MIN_FACTOR_BITS = 6 };

static void choose_factor(upyml_requantization_m0 *q, int32_t multiplier, int right, int bits, int32_t zero_point,
    int32_t low, int32_t high) {
    // Each bit of pre_shift doubles one error and halves the other: they are equal about here.
    int pre_shift = bits + right > 24 ? (bits + right - 24) >> 1 : 0;
    int factor_bits = 31 - bits + pre_shift;
    if (factor_bits > MAX_SHIFT - right + pre_shift) {
        factor_bits = MAX_SHIFT - right + pre_shift;
    }
    if (factor_bits < MIN_FACTOR_BITS) {
        return;
    }
    int shift = factor_bits + right - pre_shift, drop = 31 - factor_bits;
    int32_t factor = (int32_t)(((uint32_t)multiplier + (1u << (drop - 1))) >> drop);
    int32_t residual = (int32_t)(((uint32_t)factor << drop) - (uint32_t)multiplier);  // up to 2^(drop - 1)
    // 2^30 / multiplier, wrong by a 17th at most: a line through 1 / x from 1 to 2. Units of 2^-15, then 2^-16.
    int32_t inverse = 46261 - (int32_t)(((uint32_t)multiplier >> 15) * 30841u >> 16);
    int32_t ratio = (drop > 16 ? residual >> (drop - 16) : residual * (1 << (16 - drop))) * inverse >> 15;
    int32_t middle = low + high - 2 * zero_point;  // twice, as is the range's width
    int32_t middle_size = middle < 0 ? -middle : middle, ratio_size = ratio < 0 ? -ratio : ratio;
    int32_t reach = (17 * (high - low + 2) + middle_size) / 16;
    int down = 16 - right + pre_shift;
    int32_t dropped = (factor - (factor >> pre_shift) + 1) >> 1;
    // 2048: `ratio` may be wrong by 4. 8: the roundings here, and a strict inequality.
    int32_t error = ((ratio_size * reach + 2048) >> down) + dropped + 8;
    if (right > 0) {
        error += shift > right ? 1 << (shift - right - 1) : 1;
    }
    q->pre_shift = pre_shift;
    q->factor = factor;
    q->shift = shift;
    q->offset = (zero_point - low) * (1 << shift) + (1 << (shift - 1)) + dropped - (middle * ratio >> down) + error;
    int unsure = shift;  // bits of u's fraction below the guard
    while (unsure > 0 && (1 << (unsure - 1)) > 2 * error) {
        unsure--;
    }
    q->guard = (1 << shift) - (1 << unsure);
}

void upyml_m0_prepare(upyml_requantization_m0 *q, int32_t multiplier, int shift, int bits, int32_t zero_point,
    int32_t low, int32_t high) {
    q->pre_shift = q->factor = q->offset = q->guard = q->shift = 0;  // always unsure
    q->range = high - low;
    q->low = low;
    q->multiplier = multiplier;
    q->multiplier_low = (int16_t)multiplier;
    q->multiplier_high = (int32_t)(((uint32_t)multiplier - (uint32_t)q->multiplier_low) >> 16);
    q->right_shift = -shift;
    q->zero_point = zero_point - low;
    q->plain = shift > 0 || multiplier < 0 || bits > 29;
    if (!q->plain && multiplier >= 1 << 30) {
        choose_factor(q, multiplier, -shift, bits, zero_point, low, high);
    }
}

void upyml_m0_requantize_plain(const int32_t *accumulators, int8_t *output, const upyml_requantization_m0 *q,
    int32_t count, int32_t accumulator_step, int32_t output_step) {
    for (; count > 0; count--, output += output_step) {
        int32_t y = upyml_requantize(*accumulators, q->multiplier, -q->right_shift);
        *output = (int8_t)(q->low + upyml_clamp(upyml_add_wrapped(y, q->zero_point), 0, q->range));
        accumulators = (const int32_t *)((const uint8_t *)accumulators + accumulator_step);
    }
}
