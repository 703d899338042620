// A fully connected layer on an LX6: the input is widened, then each block of four channels reads its weights from the file
// once. For more than one row it is a pointwise convolution, which expands the weights.
#include "../ops.h"
#include "../pairs/conv2d.h"
#include "../pairs/conv2d_rows.h"
#include "../pairs/fully_connected.h"
#include "../pairs/load_word.h"
#include "../weights.h"
#include "../weights_int4.h"
#include "fully_connected_coded.h"
#include "pairs_cpu.h"

// fully_connected_dot.S
void upyml_fully_connected_dot(const uint8_t *weights, const int32_t *x, int32_t quads, int32_t *accumulators,
    int32_t channels);

// The same for weights that do not start on a word.
static void dot_bytes(const uint8_t *weights, const int32_t *x, int32_t quads, int32_t *accumulators, int32_t channels) {
    for (int32_t k = 0; k < 4 * quads; k++) {
        int32_t value = upyml_of_pair(x[k >> 1], k & 1);
        for (int channel = 0; channel < channels; channel++) {
            int32_t product = value * (upyml_weight(weights, k, channel) + 128);
            accumulators[channel] = upyml_add_wrapped(accumulators[channel], product);
        }
    }
}

// The rest of the last four k is 0: there are weights for it, but no input. Answers the sum.
static int32_t pack_input(const int8_t *input, int32_t *words, int32_t count) {
    int32_t sum = 0;
    for (int32_t i = 0; i < count; i++) {
        sum += input[i];
    }
    upyml_pack_pairs(input, words, count >> 1);
    words += count >> 1;
    if (count & 1) {
        *words++ = upyml_pair(input[count - 1], 0);
    }
    if ((count & 3) == 1 || (count & 3) == 2) {
        *words = upyml_pair(0, 0);
    }
    return sum;
}

static void requantize(const upyml_fully_connected *p, const upyml_prepared *q, const int32_t *accumulators,
    int8_t *output, int32_t count) {
    if (!q->plain) {
        upyml_requantize_values(accumulators, output, q, count);
    }
    for (int32_t i = 0; i < count && (q->plain || p->clamp_min > -128 || p->clamp_max < 127); i++) {
        int32_t y = output[i];
        if (q->plain) {
            y = upyml_requantize_plain(accumulators[i], q, p->out_zero_point);
        }
        output[i] = (int8_t)upyml_clamp(y, p->clamp_min, p->clamp_max);
    }
}

// Adds `quads` fours of inputs, packed in x, to the accumulators of `count` channels. weights: of the first one's block,
// from the first of these k on.
static void add_piece(const uint8_t *weights, int32_t block_bytes, const int32_t *x, int32_t quads, int32_t offset,
    int32_t *accumulators, int32_t count) {
    int aligned = ((uintptr_t)weights & 3) == 0;
    for (; count > 0; count -= 4, weights += block_bytes, accumulators += 4) {
        int32_t channels = count < 4 ? count : 4;
        for (int32_t i = 0; i < channels; i++) {
            accumulators[i] = (int32_t)((uint32_t)accumulators[i] - (uint32_t)offset);
        }
        if (aligned) {
            upyml_fully_connected_dot(weights, x, quads, accumulators, channels);
        } else {
            dot_bytes(weights, x, quads, accumulators, channels);
        }
    }
}

static void finish(const upyml_fully_connected *p, const upyml_channels *c, int32_t channel, const int32_t *accumulators,
    int32_t count, int8_t *output) {
    upyml_prepared q;
    for (int32_t i = 0, n; i < count; i += n) {
        int32_t at = (channel + i) * c->step;
        n = c->step ? 1 : count;  // channels of one multiplier
        upyml_prepare(&q, upyml_load_word(c->multipliers + 4 * at), c->shifts[at], c->bits[at], p->out_zero_point);
        requantize(p, &q, accumulators + i, output + channel + i, n);
    }
}

enum { BATCH = 64 };  // channels whose accumulators are on the stack

// Any k may be the next one with weights that are not 0, so scratch has room for all of the packed input.
static void sparse_row(const upyml_fully_connected *p, const int8_t *input, int8_t *output, int32_t *x) {
    upyml_channels c = upyml_read_channels(p->channels, p->out_c, p->per_channel);
    int32_t own[BATCH];
    pack_input(input, x, p->in_c);
    for (int32_t channel = 0; channel < p->out_c; channel += BATCH) {
        int32_t count = p->out_c - channel < BATCH ? p->out_c - channel : BATCH;
        for (int32_t i = 0; i < count; i += 4) {
            for (int32_t k = i; k < i + 4; k++) {
                own[k] = upyml_load_word(c.bias + 4 * (channel + k));
            }
            upyml_fully_connected_add_sparse(p->weights, (channel + i) >> 2, x, own + i);
        }
        finish(p, &c, channel, own, count, output);
    }
}

// The input is packed at once, or where scratch is too small for it in pieces, again for each batch of channels; if the
// output may lie over it, all channels' accumulators are in scratch until the last piece is read.
static void one_row(const upyml_fully_connected *p, const int8_t *input, int8_t *output, uint8_t *scratch) {
    upyml_channels c = upyml_read_channels(p->channels, p->out_c, p->per_channel);
    int int4 = UPYML_HAS(INT4) && p->coding == UPYML_CODING_INT4;
    int32_t quads = int4 ? 2 * upyml_int4_groups(p->in_c) : upyml_quads(p);
    int32_t piece = quads, batch = BATCH, own[BATCH], *accumulators = own, *x = (int32_t *)scratch;
    int whole = p->scratch_size >= quads * UPYML_QUAD, packed = 0;
    if (!whole && p->order != UPYML_ORDER_DISJOINT) {
        accumulators = x;
        x += upyml_accumulators_size(p) >> 2;
        batch = p->out_c;
    }
    if (!whole) {
        piece = ((p->scratch_size - 4 * (int32_t)(x - (int32_t *)scratch)) / UPYML_QUAD) & (int4 ? -2 : -1);
    }
    for (int32_t channel = 0, sum = 0; channel < p->out_c; channel += batch) {
        int32_t count = p->out_c - channel < batch ? p->out_c - channel : batch;
        for (int32_t i = 0; i < count; i++) {
            accumulators[i] = upyml_load_word(c.bias + 4 * (channel + i));
        }
        for (int32_t from = 0; from < quads; from += piece) {
            int32_t n = quads - from < piece ? quads - from : piece, left = p->in_c - 4 * from;
            if (!packed) {
                sum = pack_input(input + 4 * from, x, left < 4 * n ? left : 4 * n);
                if (int4 && left <= 4 * n - 4) {  // of the last eight k only four have inputs
                    x[2 * n - 2] = x[2 * n - 1] = upyml_pair(0, 0);
                }
            }
            packed = whole;
            if (int4) {
                upyml_fully_connected_add_int4(p, channel, x, from, n, sum, accumulators, count);
                continue;
            }
            int32_t offset = (int32_t)(128 * (uint32_t)sum);
            add_piece(p->weights + (channel >> 2) * 16 * quads + 16 * from, 16 * quads, x, n, offset, accumulators, count);
        }
        finish(p, &c, channel, accumulators, count, output);
    }
}

void upyml_fully_connected_s8(const upyml_fully_connected *p, const int8_t *input, int8_t *output, uint8_t *scratch) {
    if (UPYML_HAS(SPARSE) && p->rows == 1 && p->coding == UPYML_CODING_SPARSE) {
        sparse_row(p, input, output, (int32_t *)scratch);
    } else if (p->rows == 1) {
        one_row(p, input, output, scratch);
    } else {
        upyml_window pixels = upyml_rows_as_pixels(p);
        upyml_conv2d_by_strips(&pixels, p->per_channel, input, output, scratch);
    }
}
