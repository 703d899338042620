#include "requantization.h"

void upyml_prepare_range(upyml_prepared *q, int32_t zero_point, int32_t low, int32_t high) {
    q->zero_point = zero_point;
    q->low = low;
    q->range = high - low;
}

void upyml_prepare_channel(upyml_prepared *q, int32_t multiplier, int shift, int bits) {
    int right = -shift;
    q->multiplier = multiplier;
    q->file_shift = shift;
    // |hi| <= 2^30, and 2^21 * (1 + 2 * 255) is less than that.
    q->plain = right < 0 || right > 21 || bits > 29;
    if (!q->plain) {
        q->shift = right + 1;
        q->below = right ? -2 : 0;
        q->offset = 1 + (right ? 1 << right : 0) + (q->zero_point - q->low) * (2 << right);
    }
}

void upyml_requantize_prepared(const int32_t *accumulators, int8_t *output, const upyml_prepared *q, int32_t count,
    int32_t accumulator_step, int32_t output_step) {
    const upyml_prepared channel = *q;  // in registers: output is of any type
    const int8_t *end = output + count * output_step;
    for (; !channel.plain && output != end; output += output_step) {
        *output = upyml_requantize_fast(&channel, *accumulators);
        accumulators = (const int32_t *)((const uint8_t *)accumulators + accumulator_step);
    }
    for (; output != end; output += output_step) {
        int32_t y = upyml_requantize(*accumulators, channel.multiplier, channel.file_shift);
        y = upyml_clamp(upyml_add_wrapped(y, channel.zero_point), channel.low, channel.low + channel.range);
        *output = (int8_t)y;
        accumulators = (const int32_t *)((const uint8_t *)accumulators + accumulator_step);
    }
}
