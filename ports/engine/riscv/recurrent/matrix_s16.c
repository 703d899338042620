// A matrix of int8 weights on an RV32IMC, as a fully connected layer of one row: 16 channels at a time, from values and weights
// as they are (see ../fully_connected_dots.S).
#include "../../recurrent/matrix.h"

enum { CHANNELS = 16 };

void upyml_fully_connected_dots(const uint8_t *const blocks[4], const int8_t *x, int32_t quads, const int32_t *bias,
    int32_t too_much, int32_t accumulators[CHANNELS]);

void upyml_matrix_s16(const upyml_matrix *m, int32_t first, int32_t end, const int8_t *x, int16_t *y, int32_t *packed) {
    upyml_channels c = upyml_read_channels(m->channels, m->out_c, 1);
    int32_t quads = m->in_c >> 2, block_bytes = ((m->in_c + 3) & ~3) * 4, sums[CHANNELS], total = 0;
    const uint8_t *block = m->weights + (first >> 2) * block_bytes;
    (void)packed;
    for (int32_t k = 0; k < 4 * quads; k++) {
        total += x[k];
    }
    for (int32_t channel = first; channel < end; channel += CHANNELS) {
        int32_t next = end - channel < CHANNELS ? end : channel + CHANNELS, count = next - channel;
        const uint8_t *blocks[4];  // those that there are not are stood for by the last one
        for (int32_t i = 0; i < CHANNELS; i++) {
            sums[i] = i < count ? upyml_load_int32(c.bias + 4 * (channel + i)) : 0;
        }
        for (int32_t i = 0; i < 4; i++) {
            blocks[i] = block;
            block += 4 * i + 4 < count || i == 3 ? block_bytes : 0;
        }
        upyml_fully_connected_dots(blocks, x, quads, sums, 128 * total, sums);
        for (int32_t k = 4 * quads; k < m->in_c; k++) {
            for (int32_t i = 0; i < count; i++) {
                sums[i] = upyml_add_wrapped(sums[i], x[k] * upyml_weight(blocks[i >> 2], k, i & 3));
            }
        }
        upyml_finish_sums(&c, channel, next, sums, y);
    }
}
