// A fully connected layer with weights of four bits: the input is packed in chunks, then each block reads its weights from
// the file once. Pieces of the input and accumulators are as in fully_connected_s8.c.
#include "../weights_int4.h"
#include "../pairs/conv2d_rows.h"
#include "fully_connected_coded.h"
#include "pairs_cpu.h"

// fully_connected_int4_dot.S: adds the sums of `groups` times eight inputs, packed in chunks, by their weights to the
// accumulators of 4 * blocks channels. weights: on a word; block_bytes: from there to the same k of the next block.
void upyml_fully_connected_int4_dots(const uint8_t *weights, const int32_t *x, int32_t groups, int32_t *accumulators,
    int32_t blocks, int32_t block_bytes);

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
        uint32_t *first = (uint32_t *)x++, sum = 0;
        pack_pairs(input, x, count, 4 * now);
        for (int32_t i = 0; i < now; i++, x += 4) {
            uint32_t x0 = (uint32_t)x[0], x1 = (uint32_t)x[1], x2 = (uint32_t)x[2], x3 = (uint32_t)x[3];
            sum += x0 + x1 + x2 + x3;
            x[1] = (int32_t)(x1 - (x0 << 4));
            x[2] = (int32_t)(x2 - (x0 << 8));
            x[3] = (int32_t)(x3 - (x0 << 12));
        }
        *first = 0xfff7fff8u * sum;
    }
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
