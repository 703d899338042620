#include "requantization.h"

#include "../requantize.h"
#include "hot.h"

enum {
    MOST_BITS = 30,  // of an accumulator: twice that has room
    MOST_SHIFT = 22,  // the zero point 2^22 times, 2^21 and h, which is no larger than an accumulator, have room
};

void upyml_prepare_channel(upyml_prepared *q, int32_t multiplier, int shift, int bits) {
    q->multiplier = multiplier;
    q->right_shift = -shift;
    q->plain = multiplier < 0 || shift > 0 || shift < -MOST_SHIFT || bits > MOST_BITS;
    q->special = q->plain || shift == 0 || q->low != -128 || q->high != 127;
    q->offset = q->plain ? 0 : q->zero_point * (1 << -shift) + ((1 << -shift) >> 1);
}

__attribute__((noinline)) int32_t upyml_requantize_special(int32_t accumulator, const upyml_prepared *q) {
    int32_t y;
    if (q->plain) {
        y = upyml_add_wrapped(upyml_requantize(accumulator, q->multiplier, -q->right_shift), q->zero_point);
    } else {
        int32_t less = q->right_shift ? accumulator >> 31 : 0;  // without a right shift there is but one rounding
        y = upyml_smmlar(accumulator * 2, q->multiplier, q->offset + less) >> q->right_shift;
    }
    return upyml_clamp(y, q->low, q->high);
}

UPYML_HOT void upyml_requantize_prepared(const int32_t *accumulators, int8_t *output, const upyml_prepared *q,
    int32_t count, int32_t accumulator_step, int32_t output_step) {
    int32_t multiplier = q->multiplier, offset = q->offset, right_shift = q->right_shift, special = q->special;
    for (; count > 0; count--, output += output_step) {
        int32_t y = special ? upyml_requantize_special(*accumulators, q)
                            : upyml_requantize_int8(*accumulators, multiplier, offset, right_shift);
        *output = (int8_t)y;
        accumulators = (const int32_t *)((const uint8_t *)accumulators + accumulator_step);
    }
}
