// Requantization of one channel's accumulators on an LX6, in five or six instructions a value (requantize.inc):
//
//     high = (4 * accumulator * multiplier) >> 32          MULSH
//     output = (high + 2 * (high >> 31) + offset) >> shift
//
// high is the product over 2^30, rounded down. The first rounding adds half of what its last bit is worth and drops that
// bit; the second one adds half of 2^right_shift and takes 1 off below zero. All of it is in `offset`, and so is the zero
// point: 1 + 2^right_shift + (zero_point << shift). Exact for a right shift of 1 or more. With none there is one rounding
// alone; what the formula has too little below zero does not show where the zero point is -128, and all that is clamped.
#ifndef UPYML_XTENSA_REQUANTIZATION_H
#define UPYML_XTENSA_REQUANTIZATION_H

#include "../requantize.h"

// The assembly knows the offsets.
typedef struct {
    int32_t multiplier, offset;
    int32_t shift;  // the right shift and 1
    int32_t plain;  // 1: not exact so, upyml_requantize does it
    int32_t file_shift;  // as in the file: below 0 to the right
} upyml_prepared;

enum {
    UPYML_MOST_BITS = 29,  // four times the accumulator has room for a sign
    UPYML_MOST_SHIFT = 21,  // the zero point in `offset` stays below 2^30, as does `high`
};

// bits: accumulators lie in (-2^bits, 2^bits). Less than a half, whatever the input?
static inline int upyml_is_dead(int shift, int bits) {
    return shift < -UPYML_MOST_SHIFT && -shift >= bits + 2;
}

static inline int upyml_is_plain(int32_t multiplier, int shift, int bits, int32_t zero_point) {
    return !upyml_is_dead(shift, bits) && (shift > (zero_point == -128 ? 0 : -1) || shift < -UPYML_MOST_SHIFT
        || bits > UPYML_MOST_BITS || multiplier < 0);
}

static inline void upyml_prepare(upyml_prepared *q, int32_t multiplier, int shift, int bits, int32_t zero_point) {
    q->multiplier = multiplier;
    q->file_shift = shift;
    if (upyml_is_dead(shift, bits)) {
        q->multiplier = q->plain = 0;
        q->shift = 1;
        q->offset = 2 * zero_point;
        return;
    }
    q->plain = upyml_is_plain(multiplier, shift, bits, zero_point);
    q->shift = q->plain ? 1 : 1 - shift;
    q->offset = 1 + (1 << q->shift >> 1 & ~1) + zero_point * (1 << q->shift);
}

// Accumulators one after another, outputs alike, clamped to int8. q: not plain.
void upyml_requantize_values(const int32_t *accumulators, int8_t *output, const upyml_prepared *q, int32_t count);

// One value with any multiplier and shift, not clamped.
int32_t upyml_requantize_plain(int32_t accumulator, const upyml_prepared *q, int32_t zero_point);

// upyml_requantize, of one value that nothing was prepared for.
#define upyml_requantize_one upyml_requantize

#endif
