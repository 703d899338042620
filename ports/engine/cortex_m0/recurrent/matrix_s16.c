// A matrix of int8 weights on a Cortex-M0+, as a fully connected layer of one row: the values are packed to pairs, then each
// two channels read their weights from the file once, 4.1 cycles a weight (see ../fully_connected_dot.S).
#include <string.h>

#include "../../pairs/conv2d_rows.h"
#include "../../recurrent/matrix.h"
#include "../pairs_cpu.h"

void upyml_fully_connected_dots(const uint8_t *weights, const int32_t *x, int32_t quads, int32_t *accumulators,
    int32_t pairs, int32_t block_bytes);

// matrix_requantize.S
void upyml_matrix_requantize(const int32_t *accumulators, const int32_t *multipliers, const int8_t *shifts, int16_t *y,
    int32_t count);

enum { BATCH = 32 };  // channels whose accumulators are on the stack: whole blocks

// The rest of the last four k is 0: there are weights for it, but no value.
static void pack(const int8_t *x, int32_t *words, int32_t count) {
    upyml_pack_pairs(x, words, count >> 1);
    words += count >> 1;
    if (count & 1) {
        *words++ = upyml_pair(x[count - 1], 0);
    }
    if ((count & 3) == 1 || (count & 3) == 2) {
        *words = upyml_pair(0, 0);
    }
}

void upyml_matrix_s16(const upyml_matrix *m, int32_t first, int32_t end, const int8_t *x, int16_t *y, int32_t *packed) {
    upyml_channels c = upyml_read_channels(m->channels, m->out_c, 1);
    int32_t quads = (m->in_c + 3) >> 2, accumulators[BATCH];
    const uint8_t *weights = m->weights + first * 4 * quads;
    if (((uintptr_t)weights | (uintptr_t)m->channels) & 3) {
        upyml_matrix_by_bytes(m, first, end, x, y);
        return;
    }
    pack(x, packed, m->in_c);
    for (int32_t channel = first; channel < end; channel += BATCH, weights += BATCH * 4 * quads) {
        int32_t count = end - channel < BATCH ? end - channel : BATCH, pairs = (count + 1) >> 1;
        memcpy(accumulators, c.bias + 4 * channel, 8 * (size_t)pairs);
        upyml_fully_connected_dots(weights, packed, quads, accumulators, pairs, 16 * quads);
        upyml_matrix_requantize(accumulators, (const int32_t *)(uintptr_t)(c.multipliers + 4 * channel), c.shifts + channel,
            y + channel, count);
    }
}
