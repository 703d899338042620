// A fully connected layer for CPUs that multiply pairs of values: the input is packed, then each two channels read their weights from the file
// once. For more than one row it is a pointwise convolution, which expands the weights.
#include "../weights.h"
#include "conv2d.h"
#include "conv2d_rows.h"
#include "load_word.h"
#include "pairs_cpu.h"

// The CPU's.
void upyml_fully_connected_dot(const uint8_t *weights, const int32_t *x, int32_t quads, int32_t accumulators[2]);

// The same for weights that do not start on a word.
static void dot_bytes(const uint8_t *weights, const int32_t *x, int32_t quads, int32_t accumulators[2]) {
    for (int32_t k = 0; k < 4 * quads; k++) {
        int32_t value = upyml_of_pair(x[k >> 1], k & 1);
        for (int channel = 0; channel < 2; channel++) {
            accumulators[channel] = upyml_add_wrapped(accumulators[channel], value * upyml_weight(weights, k, channel));
        }
    }
}

// The rest of the last four k is 0: there are weights for it, but no input.
static void pack_input(const int8_t *input, int32_t *words, int32_t count) {
    upyml_pack_pairs(input, words, count >> 1);
    words += count >> 1;
    if (count & 1) {
        *words++ = upyml_pair(input[count - 1], 0);
    }
    if ((count & 3) == 1 || (count & 3) == 2) {
        *words = upyml_pair(0, 0);
    }
}

enum { BATCH = 32 };  // channels, an even number

// One value a channel: nothing that would have to be prepared pays.
static void requantize_each(const upyml_fully_connected *p, const upyml_channels *c, int32_t channel,
    const int32_t *accumulators, int32_t count, int8_t *output) {
    for (int32_t i = 0; i < count; i++) {
        int32_t multiplier = upyml_load_word(c->multipliers + 4 * (channel + i));
        int shift = c->shifts[channel + i];
        int32_t y = upyml_requantize_one(accumulators[i], multiplier, shift);
        output[channel + i] = (int8_t)upyml_clamp(upyml_add_wrapped(y, p->out_zero_point), p->clamp_min, p->clamp_max);
    }
}

static void one_row(const upyml_fully_connected *p, const int8_t *input, int8_t *output, int32_t *x) {
    upyml_channels c = upyml_read_channels(p->channels, p->out_c, p->per_channel);
    int32_t quads = (p->in_c + 3) >> 2, accumulators[BATCH];
    const uint8_t *weights = p->weights, *bias = c.bias;
    int aligned = ((uintptr_t)weights & 3) == 0;
    upyml_prepared q;
    if (c.step == 0) {  // one factor for all
        upyml_prepare(&q, upyml_load_word(c.multipliers), c.shifts[0], c.bits[0], p->out_zero_point, p->clamp_min,
            p->clamp_max);
    }
    pack_input(input, x, p->in_c);
    for (int32_t channel = 0; channel < p->out_c; channel += BATCH) {
        int32_t count = p->out_c - channel < BATCH ? p->out_c - channel : BATCH;
        for (int32_t i = 0; i < count; i += 2, bias += 8) {
            accumulators[i] = upyml_load_word(bias);
            accumulators[i + 1] = upyml_load_word(bias + 4);
            if (aligned) {
                upyml_fully_connected_dot(weights, x, quads, accumulators + i);
            } else {
                dot_bytes(weights, x, quads, accumulators + i);
            }
            weights += i & 2 ? quads * 16 - 8 : 8;  // the next two of the block's four channels, or the next block
        }
        if (c.step == 0) {
            upyml_requantize_prepared(accumulators, output + channel, &q, count, 4, 1);
        } else {
            requantize_each(p, &c, channel, accumulators, count, output);
        }
    }
}

void upyml_fully_connected_s8(const upyml_fully_connected *p, const int8_t *input, int8_t *output, uint8_t *scratch) {
    if (p->rows == 1) {
        one_row(p, input, output, (int32_t *)scratch);
    } else {
        upyml_window pixels = upyml_rows_as_pixels(p);
        upyml_conv2d_by_strips(&pixels, p->per_channel, input, output, scratch);
    }
}
