// Requantization of many accumulators of one output channel with one multiplication each, see requantization.c.
#ifndef UPYML_CORTEX_M0_REQUANTIZATION_H
#define UPYML_CORTEX_M0_REQUANTIZATION_H

#include <stdint.h>

// One channel, prepared. requantize_channel.S knows the offsets: every field is a word.
typedef struct {
    // u = (accumulator >> pre_shift) * factor + offset. Unless (u & guard) = 0, u >> shift is the output less `low`.
    int32_t pre_shift, offset, guard, shift, factor;
    int32_t range, low;  // the clamp: low to low + range
    int32_t multiplier_low, multiplier_high, right_shift, zero_point;  // exact path; zero point less `low`
    int32_t multiplier, plain;  // plain: neither path reaches, upyml_requantize does it
} upyml_requantization_m0;

// bits: accumulators lie in (-2^bits, 2^bits), 1 to 32. low, high: the clamp, in int8, as is the zero point.
void upyml_m0_prepare(upyml_requantization_m0 *q, int32_t multiplier, int shift, int bits, int32_t zero_point,
    int32_t low, int32_t high);

void upyml_m0_requantize_channel(const int32_t *accumulators, int8_t *output, const upyml_requantization_m0 *q,
    int32_t count, int32_t accumulator_step, int32_t output_step);
void upyml_m0_requantize_plain(const int32_t *accumulators, int8_t *output, const upyml_requantization_m0 *q,
    int32_t count, int32_t accumulator_step, int32_t output_step);

// output[i * output_step] = requantized accumulators[i * accumulator_step], steps in bytes. count: at least 1.
static inline void upyml_m0_requantize(const int32_t *accumulators, int8_t *output, const upyml_requantization_m0 *q,
    int32_t count, int32_t accumulator_step, int32_t output_step) {
    if (q->plain) {
        upyml_m0_requantize_plain(accumulators, output, q, count, accumulator_step, output_step);
    } else {
        upyml_m0_requantize_channel(accumulators, output, q, count, accumulator_step, output_step);
    }
}

#endif
