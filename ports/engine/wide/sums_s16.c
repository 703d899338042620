// Sums of products of 16 with 8 bits, and what becomes of them.
#include "../weights.h"
#include "wide.h"

enum { CHUNK = 256 };  // products that 32 bits hold: 256 * 2^15 * 127 < 2^31; a multiple of 4

upyml_wide_channels upyml_wide_read_channels(const uint8_t *block, int32_t channels, int per_channel, int accumulator) {
    int32_t four = (channels + 3) & ~3, count = per_channel ? four : 1;
    upyml_wide_channels c = {
        block, block + 8 * four, (const int8_t *)block + 8 * four + 4 * count, per_channel ? 1 : 0, accumulator, INT16_MIN,
        INT16_MAX,
    };
    return c;
}

void upyml_wide_start(const upyml_wide_channels *c, int32_t channel, int64_t acc[4]) {
    for (int i = 0; i < 4; i++) {
        const uint8_t *bias = c->bias + 8 * (channel + i);
        acc[i] = (int64_t)(upyml_load32(bias) | (uint64_t)upyml_load32(bias + 4) << 32);
    }
}

void upyml_wide_dot(int64_t acc[4], const uint8_t *block, int32_t first, const uint8_t *x, int32_t count) {
    int32_t k = first, end = first + count;
    while (k < end) {
        int32_t sums[4] = {0, 0, 0, 0}, stop = end - k < CHUNK ? end : k + CHUNK;
        for (; k < stop && k & 3; k++, x += 2) {
            for (int channel = 0; channel < 4; channel++) {
                sums[channel] += upyml_load_int16(x) * upyml_weight(block, k, channel);
            }
        }
        for (; k + 4 <= stop; k += 4, x += 8) {
            upyml_dot4(sums, block + 4 * k, upyml_load_int16(x), upyml_load_int16(x + 2), upyml_load_int16(x + 4),
                upyml_load_int16(x + 6));
        }
        for (; k < stop; k++, x += 2) {
            for (int channel = 0; channel < 4; channel++) {
                sums[channel] += upyml_load_int16(x) * upyml_weight(block, k, channel);
            }
        }
        for (int channel = 0; channel < 4; channel++) {
            acc[channel] = (int64_t)((uint64_t)acc[channel] + (uint64_t)(int64_t)sums[channel]);
        }
    }
}

// A sum of 64 bits times multiplier / 2^31 * 2^shift: TFLite takes 15 bits of the multiplier and rounds once, halves upwards.
static int32_t requantize_64(int64_t acc, int32_t multiplier, int shift) {
    int32_t reduced = multiplier < 0x7fff0000 ? (multiplier + (1 << 15)) >> 16 : 0x7fff;
    int total = 15 - shift;
    uint64_t product = (uint64_t)acc * (uint64_t)(int64_t)reduced + ((uint64_t)1 << (total - 1));
    return (int32_t)((int64_t)product >> total);
}

void upyml_wide_finish(const upyml_wide_channels *c, int32_t channel, int32_t end, const int64_t acc[4], uint8_t *output) {
    for (int32_t i = 0; i < 4 && channel + i < end; i++) {
        int32_t at = (channel + i) * c->step, multiplier = upyml_load_int32(c->multipliers + 4 * at), y;
        if (c->accumulator == UPYML_WIDE_INT32) {
            y = upyml_requantize((int32_t)acc[i], multiplier, c->shifts[at]);
        } else {
            y = requantize_64(acc[i], multiplier, c->shifts[at]);
        }
        upyml_store16(output + 2 * (channel + i), (uint32_t)upyml_clamp(y, c->clamp_min, c->clamp_max));
    }
}

void upyml_wide_row(const uint8_t *weights, const upyml_wide_channels *c, int32_t first, int32_t end, const uint8_t *x,
    int32_t count, uint8_t *output) {
    int32_t block_bytes = ((count + 3) & ~3) * 4;
    weights += (first >> 2) * block_bytes;
    for (int32_t channel = first; channel < end; channel += 4, weights += block_bytes) {
        int64_t acc[4];
        upyml_wide_start(c, channel, acc);
        upyml_wide_dot(acc, weights, 0, x, count);
        upyml_wide_finish(c, channel, end, acc, output);
    }
}
