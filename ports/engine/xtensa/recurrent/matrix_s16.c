// A matrix of int8 weights on an LX6, as a fully connected layer of one row: the values are widened, then each block of four
// channels reads its weights from the file once (see ../fully_connected_dot.S).
#include "../../pairs/conv2d_rows.h"
#include "../../recurrent/matrix.h"
#include "../pairs_cpu.h"

// Adds values by weights + 128 of a block.
void upyml_fully_connected_dot(const uint8_t *weights, const int32_t *x, int32_t quads, int32_t *accumulators,
    int32_t channels);

// The rest of the last four k is 0: there are weights for it, but no value. Answers the values' sum.
static int32_t pack(const int8_t *x, int32_t *words, int32_t count) {
    int32_t sum = 0;
    for (int32_t i = 0; i < count; i++) {
        sum += x[i];
    }
    upyml_pack_pairs(x, words, count >> 1);
    words += count >> 1;
    if (count & 1) {
        *words++ = upyml_pair(x[count - 1], 0);
    }
    if ((count & 3) == 1 || (count & 3) == 2) {
        *words = upyml_pair(0, 0);
    }
    return sum;
}

void upyml_matrix_s16(const upyml_matrix *m, int32_t first, int32_t end, const int8_t *x, int16_t *y, int32_t *packed) {
    upyml_channels c = upyml_read_channels(m->channels, m->out_c, 1);
    int32_t quads = (m->in_c + 3) >> 2;
    const uint8_t *weights = m->weights + first * 4 * quads;
    if ((uintptr_t)weights & 3) {
        upyml_matrix_by_bytes(m, first, end, x, y);
        return;
    }
    uint32_t surplus = 128 * (uint32_t)pack(x, packed, m->in_c);
    for (int32_t channel = first; channel < end; channel += 4, weights += 16 * quads) {
        int32_t sums[4], next = end - channel < 4 ? end : channel + 4;
        for (int32_t i = 0; i < 4; i++) {
            sums[i] = (int32_t)(upyml_load32(c.bias + 4 * (channel + i)) - surplus);
        }
        upyml_fully_connected_dot(weights, packed, quads, sums, next - channel);
        upyml_finish_sums(&c, channel, next, sums, y);
    }
}
