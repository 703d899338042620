// A matrix of int8 weights on a processor with the DSP extension, as a fully connected layer of one row: the values are packed
// to pairs, then four channels at a time read their weights from the file once (see ../fully_connected_blocks.S).
#include <string.h>

#include "../../pairs/conv2d_rows.h"
#include "../../recurrent/matrix.h"
#include "../fully_connected_blocks.h"
#include "../pairs_cpu.h"

enum { BATCH = 32 };  // channels whose sums are on the stack: whole blocks

// The rest of the last four k is 0: there are weights for it, but no value. Answers the values' sum.
static int32_t pack(const int8_t *x, int32_t *words, int32_t count) {
    int32_t sum = 0, *word = words + (count >> 1), *end = words + 2 * ((count + 3) >> 2);
    upyml_pack_pairs(x, words, count >> 1);
    if (count & 1) {
        *word++ = upyml_pair(x[count - 1], 0);
    }
    while (word < end) {
        *word++ = 0;
    }
    for (int32_t i = 0; i < count; i++) {
        sum += x[i];
    }
    return sum;
}

void upyml_matrix_s16(const upyml_matrix *m, int32_t first, int32_t end, const int8_t *x, int16_t *y, int32_t *packed) {
    upyml_channels c = upyml_read_channels(m->channels, m->out_c, 1);
    int32_t quads = (m->in_c + 3) >> 2, sums[BATCH];
    const uint8_t *weights = m->weights + first * 4 * quads;
    if ((uintptr_t)weights & 3) {
        upyml_matrix_by_bytes(m, first, end, x, y);
        return;
    }
    int32_t surplus = 128 * pack(x, packed, m->in_c);
    for (int32_t channel = first; channel < end; channel += BATCH, weights += BATCH * 4 * quads) {
        int32_t next = end - channel < BATCH ? end : channel + BATCH, blocks = (next - channel + 3) >> 2;
        memcpy(sums, c.bias + 4 * channel, 16 * (size_t)blocks);
        upyml_fully_connected_blocks b = {
            .weights = weights, .sums = sums, .x = packed, .quads = quads, .surplus = surplus, .blocks = blocks,
        };
        upyml_fully_connected_run_blocks(&b);
        upyml_finish_sums(&c, channel, next, sums, y);
    }
}
