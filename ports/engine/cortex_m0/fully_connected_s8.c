// A fully connected layer on a Cortex-M0+: the input is packed to pairs, then each two channels read their weights from the
// file once. For more than one row it is a pointwise convolution, which expands the weights.
//
// Where scratch has no room for all of the packed input, it is packed in pieces, and the accumulators of many channels
// are kept from piece to piece. What the output lies over must have been read before the first output is written, so
// those of all channels are kept then, in scratch; apart, it is BATCH of them on the stack, and each batch packs the
// input again. A piece costs 30 cycles for each two channels, as much as four more inputs.
//
// Where a port can have them copied from flash in the background, weights stream to RAM a little ahead of their use.
#include "../pairs/conv2d.h"
#include "../pairs/conv2d_rows.h"
#include "../pairs/fully_connected.h"
#include "../pairs/load_word.h"
#include "../weight_stream.h"
#include "../weights.h"
#include "fully_connected_coded.h"
#include "pairs_cpu.h"

// fully_connected_dot.S: adds the sums of `quads` packed quads x by their weights to the accumulators of 2 * pairs channels.
// weights: on a word, at the first channel of a block; block_bytes: from there to the same quad of the next block.
void upyml_fully_connected_dots(const uint8_t *weights, const int32_t *x, int32_t quads, int32_t *accumulators,
    int32_t pairs, int32_t block_bytes);

// The same for weights that do not start on a word.
static void dots_of_bytes(const uint8_t *weights, const int32_t *x, int32_t quads, int32_t *accumulators, int32_t pairs,
    int32_t block_bytes) {
    for (int32_t channel = 0; channel < 2 * pairs; channel++) {
        const uint8_t *block = weights + (channel >> 2) * block_bytes;
        for (int32_t k = 0; k < 4 * quads; k++) {
            int32_t product = upyml_of_pair(x[k >> 1], k & 1) * upyml_weight(block, k, channel & 3);
            accumulators[channel] = upyml_add_wrapped(accumulators[channel], product);
        }
    }
}

static int32_t least(int32_t a, int32_t b) {
    return a < b ? a : b;
}

enum { CHUNK = 16 };  // quads of a block whose weights come in one go

// The same for weights that stream, to two chunks by turns: one is used while the other is filled. Answers whether the
// stream goes on; if not, it is closed, and the rest was read from where it lies.
static int dots_of_stream(int stream, const uint8_t *weights, const int32_t *x, int32_t quads, int32_t *accumulators,
    int32_t pairs, int32_t block_bytes) {
    uint32_t chunks[2][4 * CHUNK];
    int comes = 1, turn = 0;
    upyml_weight_stream_start(stream, weights, chunks[0], 4 * least(CHUNK, quads));
    for (; pairs > 0; pairs -= 2, weights += block_bytes, accumulators += 4) {
        for (int32_t quad = 0; quad < quads; quad += CHUNK, turn ^= 1) {
            const uint8_t *here = weights + 16 * quad, *next = here + 16 * CHUNK;
            int32_t left = quads - quad - CHUNK;
            if (left <= 0) {  // to the next block
                left = pairs > 2 ? quads : 0;
                next = weights + block_bytes;
            }
            if (comes && !upyml_weight_stream_wait(stream)) {
                upyml_weight_stream_close(stream);
                comes = 0;
            }
            if (comes && left > 0) {
                upyml_weight_stream_start(stream, next, chunks[turn ^ 1], 4 * least(CHUNK, left));
            }
            here = comes ? (const uint8_t *)chunks[turn] : here;
            upyml_fully_connected_dots(here, x + 2 * quad, least(CHUNK, quads - quad), accumulators, least(2, pairs), 0);
        }
    }
    return comes;
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

enum { BATCH = 32 };  // channels: whole blocks

void upyml_requantize_each(const upyml_fully_connected *p, const upyml_channels *c, int32_t channel,
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
    int32_t few[BATCH], *accumulators = few, batch = BATCH;
    int32_t quads = upyml_quads(p), piece = p->scratch_size / UPYML_QUAD;
    if (piece < quads && p->order != UPYML_ORDER_DISJOINT) {
        accumulators = x;
        batch = upyml_accumulators_size(p) >> 2;
        x += batch;
        piece = (p->scratch_size - 4 * batch) / UPYML_QUAD;
    }
    const uint8_t *weights = p->weights;
    int aligned = ((uintptr_t)weights & 3) == 0;
    int stream = aligned ? upyml_weight_stream_open(weights, 16 * quads * ((p->out_c + 3) >> 2)) : -1;
    upyml_prepared q;
    if (c.step == 0) {  // one factor for all
        upyml_prepare(&q, upyml_load_word(c.multipliers), c.shifts[0], c.bits[0], p->out_zero_point, p->clamp_min,
            p->clamp_max);
    }
    for (int32_t channel = 0; channel < p->out_c; channel += batch) {
        int32_t count = least(batch, p->out_c - channel), pairs = (count + 1) >> 1;
        for (int32_t i = 0; i < 2 * pairs; i++) {
            accumulators[i] = upyml_load_word(c.bias + 4 * (channel + i));
        }
        for (int32_t quad = 0; quad < quads; quad += piece) {
            int32_t now = least(piece, quads - quad);
            if (channel == 0 || piece < quads) {
                pack_input(input + 4 * quad, x, least(4 * now, p->in_c - 4 * quad));
            }
            const uint8_t *from = weights + 16 * quad;
            if (stream >= 0) {
                stream = dots_of_stream(stream, from, x, now, accumulators, pairs, 16 * quads) ? stream : -1;
            } else if (aligned) {
                upyml_fully_connected_dots(from, x, now, accumulators, pairs, 16 * quads);
            } else {
                dots_of_bytes(from, x, now, accumulators, pairs, 16 * quads);
            }
        }
        if (c.step == 0) {
            upyml_requantize_prepared(accumulators, output + channel, &q, count, 4, 1);
        } else {
            upyml_requantize_each(p, &c, channel, accumulators, count, output);
        }
        weights += 4 * quads * count;
    }
    if (stream >= 0) {
        upyml_weight_stream_close(stream);
    }
}

void upyml_fully_connected_s8(const upyml_fully_connected *p, const int8_t *input, int8_t *output, uint8_t *scratch) {
    if (UPYML_HAS(SPARSE) && p->rows == 1 && p->coding == UPYML_CODING_SPARSE) {
        upyml_fully_connected_sparse(p, input, output, scratch);
    } else if (UPYML_HAS(INT4) && p->rows == 1 && p->coding == UPYML_CODING_INT4) {
        upyml_fully_connected_int4(p, input, output, scratch);
    } else if (p->rows == 1) {
        one_row(p, input, output, (int32_t *)scratch);
    } else {
        upyml_window pixels = upyml_rows_as_pixels(p);
        upyml_conv2d_by_strips(&pixels, p->per_channel, input, output, scratch);
    }
}
