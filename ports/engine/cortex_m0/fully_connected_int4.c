// A fully connected layer with weights of four bits: the input is packed in chunks, then each block reads its weights from
// the file once. Pieces of the input and accumulators are as in fully_connected_s8.c.
#include "../weights_int4.h"
#include "../pairs/conv2d_rows.h"
#include "coded_flow.h"
#include "fully_connected_coded.h"
#include "pairs_cpu.h"

// fully_connected_int4_dot.S: adds the sums of `groups` times eight inputs, packed in chunks, by their weights to the
// accumulators of 4 * blocks channels. weights: on a word; block_bytes: from there to the same k of the next block.
void upyml_fully_connected_int4_dots(const uint8_t *weights, const int32_t *x, int32_t groups, int32_t *accumulators,
    int32_t blocks, int32_t block_bytes);

uint32_t upyml_pack_int4(int32_t *x, int32_t groups);  // pairs to what a chunk has; answers their sum

enum { BATCH = 32 };  // channels: whole blocks

static int32_t least(int32_t a, int32_t b) {
    return a < b ? a : b;
}

// The pairs of `count` inputs, and 0 up to `pairs` of them.
static void pack_pairs(const int8_t *input, int32_t *x, int32_t count, int32_t pairs) {
    int32_t here = least(count >> 1, pairs);
    upyml_pack_pairs(input, x, here);
    if (here < pairs && (count & 1)) {
        x[here++] = upyml_pair(input[count - 1], 0);
    }
    while (here < pairs) {
        x[here++] = 0;
    }
}

// `groups` times eight inputs, of which there are `count`, to chunks: the first one is short.
static void pack(const int8_t *input, int32_t *x, int32_t groups, int32_t count) {
    for (int32_t now = ((groups - 1) & 3) + 1; groups > 0; groups -= now, input += 8 * now, count -= 8 * now, now = 4) {
        pack_pairs(input, x + 1, count, 4 * now);
        *x = (int32_t)(0xfff7fff8u * upyml_pack_int4(x + 1, now));
        x += 1 + 4 * now;
    }
}

enum { PIECE_GROUPS = 16 };  // of weights that flow: four chunks of x

// Groups of the piece that begins with group `at` of a block: as chunks of x, pieces are whole but for the first one.
static int32_t groups_of_piece(int32_t groups, int32_t at) {
    return least(groups - at, at ? PIECE_GROUPS : PIECE_GROUPS - (-groups & 3));
}

// One block after another, with the whole input packed.
static void run_flow(const upyml_fully_connected *p, const upyml_channels *c, const int32_t *x, int32_t groups, int stream,
    int8_t *output) {
    const uint8_t *here = p->weights;
    upyml_flow flow;
    upyml_flow_begin(&flow, stream, here, 4 * groups_of_piece(groups, 0));
    for (int32_t channel = 0, count; channel < p->out_c; channel += count) {
        int32_t sums[BATCH];
        count = least(BATCH, p->out_c - channel);
        upyml_start_sums(c, channel, sums, (count + 3) & ~3);
        for (int32_t own = 0; own < count; own += 4) {
            const int32_t *chunk = x;
            for (int32_t at = 0, now; at < groups; at += now, here += UPYML_INT4_GROUP_BYTES * now) {
                now = groups_of_piece(groups, at);
                int more = channel + own + 4 < p->out_c;
                int32_t next = at + now < groups ? groups_of_piece(groups, at + now) : more ? groups_of_piece(groups, 0) : 0;
                const uint8_t *piece = upyml_flow_take(&flow, here, 4 * now, 4 * next);
                upyml_fully_connected_int4_dots(piece, chunk, now, sums + own, 1, 0);
                chunk += 4 * now + ((now + 3) >> 2);
            }
        }
        upyml_requantize_sums(p, c, channel, sums, count, output);
    }
    upyml_flow_end(&flow);
}

void upyml_fully_connected_int4(const upyml_fully_connected *p, const int8_t *input, int8_t *output, uint8_t *scratch) {
    if (((uintptr_t)p->weights & 3) != 0) {
        upyml_fully_connected_coded(p, input, output, scratch);
        return;
    }
    upyml_channels c = upyml_read_channels(p->channels, p->out_c, p->per_channel);
    int32_t few[BATCH], *accumulators = few, *x = (int32_t *)scratch, batch = BATCH;
    int32_t groups = upyml_int4_groups(p->in_c), whole = upyml_chunks(p), piece = p->scratch_size / UPYML_CHUNK;
    if (piece < whole && p->order != UPYML_ORDER_DISJOINT) {
        accumulators = x;
        batch = upyml_accumulators_size(p) >> 2;
        x += batch;
        piece = (p->scratch_size - 4 * batch) / UPYML_CHUNK;
    }
    int stream = piece < whole ? -1
                               : upyml_weight_stream_open(p->weights, 4 * ((p->out_c + 3) & ~3) * groups);
    if (stream >= 0) {
        pack(input, x, groups, p->in_c);
        run_flow(p, &c, x, groups, stream, output);
        return;
    }
    for (int32_t channel = 0; channel < p->out_c; channel += batch) {
        int32_t count = least(batch, p->out_c - channel), blocks = (count + 3) >> 2;
        const uint8_t *weights = p->weights + (channel >> 2) * UPYML_INT4_GROUP_BYTES * groups;
        upyml_start_sums(&c, channel, accumulators, 4 * blocks);
        for (int32_t chunk = 0; chunk < whole; chunk += piece) {
            int32_t group = 4 * chunk, now = least(4 * piece, groups - group);
            if (channel == 0 || piece < whole) {
                pack(input + 8 * group, x, now, p->in_c - 8 * group);
            }
            upyml_fully_connected_int4_dots(weights + UPYML_INT4_GROUP_BYTES * group, x, now, accumulators, blocks,
                UPYML_INT4_GROUP_BYTES * groups);
        }
        upyml_requantize_sums(p, &c, channel, accumulators, count, output);
    }
}
