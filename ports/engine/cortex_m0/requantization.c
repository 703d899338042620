// Why one multiplication is exact. With M = multiplier / 2^(31 + right shift), the output less `low` is the integer
// part of t = accumulator * M + zero point - low + 1/2, clamped, unless t is within e of an integer, where e holds the
// rounding of the first of the two steps, 2^-(right shift + 1), none without a second step. In units of 2^-shift, t is
// taken as
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

void upyml_output_range_of(upyml_output_range *range, int32_t zero_point, int32_t low, int32_t high) {
    int32_t middle = low + high - 2 * zero_point;
    range->range = high - low;
    range->low = low;
    range->zero_point = zero_point - low;
    range->middle = middle;
    // An eighth of the middle and of the width more, because residual / multiplier may be taken a 13th wrong.
    range->reach = high - low + 3 + ((high - low + (middle < 0 ? -middle : middle)) >> 3);
    range->half_up = 2 * range->zero_point + 1;
}

int32_t upyml_m0_requantize_any(int32_t accumulator, int32_t multiplier, int shift) {
    return upyml_requantize(accumulator, multiplier, shift);
}
