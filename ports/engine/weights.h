// Weights as they lie in the file: blocks of four output channels; in a block, for each four k, one word a channel with
// the bytes w + 128 of k = 1, 3, 0, 2. The order lets a CPU without SIMD split a word into two pairs with two masks.
#ifndef UPYML_WEIGHTS_H
#define UPYML_WEIGHTS_H

#include "load.h"
#include "requantize.h"

// Adds x[0..3] * w for the four channels of one block. w: 16 bytes.
static inline void upyml_dot4(int32_t acc[4], const uint8_t *w, int32_t x0, int32_t x1, int32_t x2, int32_t x3) {
    for (int channel = 0; channel < 4; channel++, w += 4) {
        acc[channel] = upyml_add_wrapped(acc[channel],
            x0 * (w[2] - 128) + x1 * (w[0] - 128) + x2 * (w[3] - 128) + x3 * (w[1] - 128));
    }
}

// The weight of row k and one of the four channels, in a block.
static inline int32_t upyml_weight(const uint8_t *block, int32_t k, int channel) {
    int32_t byte = (k & 1 ? 0 : 2) + (k >> 1 & 1);  // 2, 0, 3, 1
    return block[(k >> 2) * 16 + channel * 4 + byte] - 128;
}

// Adds x[0..count) * w for k = 0.. of the block; count of any size, the last word's rest counts as x = 0.
static inline void upyml_dot_run(int32_t acc[4], const uint8_t *block, const int8_t *x, int32_t count) {
    for (; count >= 4; count -= 4, x += 4, block += 16) {
        upyml_dot4(acc, block, x[0], x[1], x[2], x[3]);
    }
    if (count > 0) {
        upyml_dot4(acc, block, x[0], count > 1 ? x[1] : 0, count > 2 ? x[2] : 0, 0);
    }
}

// Bias, multiplier, shift and accumulator bits of the output channels; of the last three padded channels, or 1.
typedef struct {
    const uint8_t *bias, *multipliers;
    const int8_t *shifts;
    const uint8_t *bits;  // every accumulator is in (-2^bits, 2^bits)
    int32_t step;  // 1, or 0 where all channels share one multiplier
} upyml_channels;

static inline upyml_channels upyml_read_channels(const uint8_t *block, int32_t channels, int per_channel) {
    int32_t four = (channels + 3) & ~3, count = per_channel ? four : 1;
    const uint8_t *shifts = block + 4 * four + 4 * count;
    upyml_channels out = {block, block + 4 * four, (const int8_t *)shifts, shifts + ((count + 3) & ~3), per_channel ? 1 : 0};
    return out;
}

static inline void upyml_start(const upyml_channels *c, int32_t channel, int32_t acc[4]) {
    for (int i = 0; i < 4; i++) {
        acc[i] = upyml_load_int32(c->bias + 4 * (channel + i));
    }
}

// Requantizes up to four accumulators from `channel` on and writes those below `end`.
static inline void upyml_finish(const upyml_channels *c, int32_t channel, int32_t end, const int32_t acc[4],
    int32_t zero_point, int32_t low, int32_t high, int8_t *output) {
    for (int32_t i = 0; i < 4 && channel + i < end; i++) {
        int32_t at = (channel + i) * c->step;
        int32_t y = upyml_requantize(acc[i], upyml_load_int32(c->multipliers + 4 * at), c->shifts[at]);
        output[channel + i] = (int8_t)upyml_clamp(upyml_add_wrapped(y, zero_point), low, high);
    }
}

#endif
