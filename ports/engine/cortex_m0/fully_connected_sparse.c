// A fully connected layer with sparse weights: the whole input is packed, for blocks read it in an order of their own, and
// each block reads its weights from the file once.
#include "../weights_sparse.h"
#include "../pairs/conv2d_rows.h"
#include "fully_connected_coded.h"
#include "pairs_cpu.h"

// fully_connected_sparse_dot.S: groups from the first up to `end`, on a word; at least one. x: two words a pair.
void upyml_fully_connected_sparse_dot(const uint8_t *group, const uint8_t *end, const int32_t *x, int32_t *accumulators);

enum {
    BATCH = 64,  // channels: whole blocks
    MOST_PAIRS = 8192,  // of inputs: 8 bytes each, that is what twice a place in the file has room for
};

// The pairs lie in the upper half first.
static void pack(const int8_t *input, int32_t *x, int32_t count) {
    int32_t pairs = (count + 1) >> 1, *from = x + pairs;
    upyml_pack_pairs(input, from, count >> 1);
    if (count & 1) {
        from[count >> 1] = upyml_pair(input[count - 1], 0);
    }
    for (; pairs > 0; pairs--, x += 2) {
        int32_t pair = *from++;
        x[0] = pair;
        x[1] = (int32_t)(0x00800080u * (uint32_t)pair - 0x8000u);
    }
}

void upyml_fully_connected_sparse(const upyml_fully_connected *p, const int8_t *input, int8_t *output, uint8_t *scratch) {
    if (((uintptr_t)p->weights & 3) != 0 || p->in_c > 2 * MOST_PAIRS) {
        upyml_fully_connected_coded(p, input, output, scratch);
        return;
    }
    upyml_channels c = upyml_read_channels(p->channels, p->out_c, p->per_channel);
    int32_t sums[BATCH], *x = (int32_t *)scratch;
    pack(input, x, p->in_c);
    const uint8_t *next = p->weights, *group = upyml_sparse_block(p->weights, 0);
    for (int32_t channel = 0; channel < p->out_c; channel += BATCH) {
        int32_t count = p->out_c - channel < BATCH ? p->out_c - channel : BATCH;
        upyml_start_sums(&c, channel, sums, (count + 3) & ~3);
        for (int32_t i = 0; i < count; i += 4) {
            next += 4;
            const uint8_t *end = p->weights + upyml_load32(next);
            if (group != end) {
                upyml_fully_connected_sparse_dot(group, end, x, sums + i);
            }
            group = end;
        }
        upyml_requantize_sums(p, &c, channel, sums, count, output);
    }
}
