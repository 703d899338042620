// A fully connected layer of one row: the input is packed to pairs, then four channels at a time read their weights from
// the file once. Of more rows it is a pointwise convolution, which expands the weights.
//
// Where scratch has no room for all of the packed input, it is packed in pieces, and the sums of many channels are kept
// from piece to piece. What the output lies over must have been read before the first output is written, so those of all
// channels are kept then, in scratch; apart, it is BATCH of them on the stack, and each batch packs the input again.
#include "../ops.h"
#include "../pairs/conv2d.h"
#include "../pairs/conv2d_rows.h"
#include "../pairs/fully_connected.h"
#include "../pairs/load_word.h"
#include "../weights.h"
#include "fully_connected_blocks.h"
#include "fully_connected_coded.h"
#include "pairs_cpu.h"

enum { BATCH = 128 };  // channels: whole blocks

typedef struct {
    const upyml_fully_connected *p;
    upyml_channels channels;
    int int4;  // the weights are
    int32_t quads, piece;  // of all the input, of what is packed at a time; of INT4 whole twos
    int32_t *x;
    upyml_prepared q;  // where one factor serves all channels
} layer;

static int32_t least(int32_t a, int32_t b) {
    return a < b ? a : b;
}

// k from 4 * quad on; the rest of the last four is 0: there are weights for it, but no input. Answers the values' sum.
static int32_t pack_piece(const layer *l, const int8_t *input, int32_t quad, int32_t quads) {
    int32_t count = least(4 * quads, l->p->in_c - 4 * quad), *word = l->x + (count >> 1), *end = l->x + 2 * quads, sum = 0;
    input += 4 * quad;
    upyml_pack_pairs(input, l->x, count >> 1);
    if (count & 1) {
        *word++ = upyml_pair(input[count - 1], 0);
    }
    while (word < end) {
        *word++ = 0;
    }
    for (word = l->x; word < end; word += 2) {
        sum = upyml_smlad(word[0], 0x00010001, upyml_smlad(word[1], 0x00010001, sum));
    }
    return sum;
}

// The same for weights that do not start on a word.
static void run_bytes(const upyml_fully_connected_blocks *b) {
    const uint8_t *weights = b->weights;
    int32_t *sums = b->sums;
    for (int32_t block = 0; block < b->blocks; block++, sums += 4, weights += b->gap) {
        for (int32_t i = 0; i < 4; i++) {
            sums[i] = (int32_t)((uint32_t)sums[i] - (uint32_t)b->surplus);
        }
        for (const int32_t *x = b->x; x < b->x + 2 * b->quads; x += 2) {
            for (int32_t i = 0; i < 4; i++, weights += 4) {
                int32_t four = upyml_load_any(weights);
                sums[i] = upyml_smladx(x[0], upyml_uxtb16(four), sums[i]);
                sums[i] = upyml_smladx(x[1], upyml_uxtb16_odd(four), sums[i]);
            }
        }
    }
}

static void run_blocks(const layer *l, const upyml_fully_connected_blocks *b) {
    if (UPYML_HAS(INT4) && l->int4) {
        upyml_fully_connected_run_int4(b);
    } else if (((uintptr_t)b->weights & 3) == 0) {
        upyml_fully_connected_run_blocks(b);
    } else {
        run_bytes(b);
    }
}

// Of `blocks` blocks the k from 4 * quad on.
static upyml_fully_connected_blocks blocks_of(const layer *l, int32_t channel, int32_t blocks, int32_t quad, int32_t quads,
    int32_t sum) {
    upyml_fully_connected_blocks b = {
        .weights = l->p->weights + ((4 * channel * l->quads + 16 * quad) >> l->int4), .x = l->x, .quads = quads,
        .surplus = (int32_t)((l->int4 ? UPYML_INT4_BIAS : 128) * (uint32_t)sum), .blocks = blocks,
        .gap = 16 * (l->quads - quads) >> l->int4,
    };
    return b;
}

static void requantize(const layer *l, int32_t channel, const int32_t *sums, int32_t count, int8_t *output) {
    const upyml_channels *c = &l->channels;
    upyml_prepared q = l->q;
    if (c->step == 0) {
        upyml_requantize_prepared(sums, output + channel, &q, count, 4, 1);
        return;
    }
    for (int32_t i = channel; i < channel + count; i++, sums++) {
        upyml_prepare_channel(&q, upyml_load_word(c->multipliers + 4 * i), c->shifts[i], c->bits[i]);
        upyml_requantize_prepared(sums, output + i, &q, 1, 4, 1);
    }
}

// `count` channels in pieces; with one piece it is packed already and `sum` its sum.
static void run_channels(const layer *l, const int8_t *input, int32_t channel, int32_t count, int32_t *sums, int32_t sum,
    int8_t *output) {
    int32_t blocks = (count + 3) >> 2;
    for (int32_t i = 0; i < 4 * blocks; i++) {
        sums[i] = upyml_load_word(l->channels.bias + 4 * (channel + i));
    }
    for (int32_t quad = 0; quad < l->quads; quad += l->piece) {
        int32_t now = least(l->piece, l->quads - quad);
        if (now < l->quads) {
            sum = pack_piece(l, input, quad, now);
        }
        upyml_fully_connected_blocks b = blocks_of(l, channel, blocks, quad, now, sum);
        b.sums = sums;
        run_blocks(l, &b);
    }
    requantize(l, channel, sums, count, output);
}

// Whole blocks of a layer with one factor, requantized as they are made. Answers the channels.
static int32_t run_at_once(const layer *l, int32_t sum, int8_t *output) {
    int32_t blocks = l->p->out_c >> 2;
    uintptr_t odd = ((uintptr_t)l->p->weights | (uintptr_t)l->channels.bias) & 3;
    if (l->channels.step != 0 || l->q.special || blocks == 0 || odd || l->int4) {
        return 0;
    }
    upyml_fully_connected_blocks b = blocks_of(l, 0, blocks, 0, l->quads, sum);
    b.sums = (int32_t *)(uintptr_t)l->channels.bias;  // which are only read
    b.output = output;
    b.multiplier = l->q.multiplier;
    b.offset = l->q.offset;
    b.right_shift = l->q.right_shift;
    upyml_fully_connected_run_blocks(&b);
    return 4 * blocks;
}

// Any k may be the next one with weights that are not 0, so scratch has room for all of the packed input.
static void sparse_row(layer *l, const int8_t *input, int8_t *output) {
    int32_t few[BATCH];
    pack_piece(l, input, 0, l->quads);
    for (int32_t channel = 0; channel < l->p->out_c; channel += BATCH) {
        int32_t count = least(BATCH, l->p->out_c - channel);
        for (int32_t i = 0; i < count; i += 4) {
            for (int32_t own = i; own < i + 4; own++) {
                few[own] = upyml_load_word(l->channels.bias + 4 * (channel + own));
            }
            upyml_fully_connected_run_sparse(l->p->weights, (channel + i) >> 2, l->x, few + i);
        }
        requantize(l, channel, few, count, output);
    }
}

static void one_row(const upyml_fully_connected *p, const int8_t *input, int8_t *output, int32_t *scratch) {
    int32_t few[BATCH], *sums = few, batch = BATCH, channel = 0, sum = 0;
    layer l = {.p = p, .channels = upyml_read_channels(p->channels, p->out_c, p->per_channel)};
    l.int4 = UPYML_HAS(INT4) && p->coding == UPYML_CODING_INT4;
    l.quads = l.int4 ? 2 * upyml_int4_groups(p->in_c) : upyml_quads(p);
    l.piece = least(l.quads, (p->scratch_size / UPYML_QUAD) & (l.int4 ? -2 : -1));
    l.x = scratch;
    upyml_prepare(&l.q, upyml_load_word(l.channels.multipliers), l.channels.shifts[0], l.channels.bits[0], p->out_zero_point,
        p->clamp_min, p->clamp_max);
    if (UPYML_HAS(SPARSE) && p->coding == UPYML_CODING_SPARSE) {
        sparse_row(&l, input, output);
        return;
    }
    if (l.piece == l.quads) {
        sum = pack_piece(&l, input, 0, l.quads);
        channel = run_at_once(&l, sum, output);
    } else if (p->order != UPYML_ORDER_DISJOINT) {
        sums = scratch;
        batch = upyml_accumulators_size(p) >> 2;
        l.x += batch;
        l.piece = ((p->scratch_size - 4 * batch) / UPYML_QUAD) & (l.int4 ? -2 : -1);
    }
    for (; channel < p->out_c; channel += batch) {
        run_channels(&l, input, channel, least(batch, p->out_c - channel), sums, sum, output);
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
