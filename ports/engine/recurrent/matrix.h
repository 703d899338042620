// What kernels of matrices share: sums to int16, and a block of weights that does not start on a word.
#ifndef UPYML_RECURRENT_MATRIX_H
#define UPYML_RECURRENT_MATRIX_H

#include "../weights.h"
#include "recurrent.h"

// y[i] of channels `first` to `end`, of which sums[0] is the first one's.
static inline void upyml_finish_sums(const upyml_channels *c, int32_t first, int32_t end, const int32_t *sums, int16_t *y) {
    for (int32_t i = first; i < end; i++) {
        int32_t sum = upyml_requantize(sums[i - first], upyml_load_int32(c->multipliers + 4 * i), c->shifts[i]);
        y[i] = (int16_t)upyml_clamp(sum, -32768, 32767);
    }
}

// The matrix in plain C, from weights and channels on any byte.
static inline void upyml_matrix_by_bytes(const upyml_matrix *m, int32_t first, int32_t end, const int8_t *x, int16_t *y) {
    upyml_channels c = upyml_read_channels(m->channels, m->out_c, 1);
    int32_t block_bytes = ((m->in_c + 3) & ~3) * 4;
    const uint8_t *block = m->weights + (first >> 2) * block_bytes;
    for (int32_t channel = first; channel < end; channel += 4, block += block_bytes) {
        int32_t sums[4];
        upyml_start(&c, channel, sums);
        upyml_dot_run(sums, block, x, m->in_c);
        upyml_finish_sums(&c, channel, channel + 4 < end ? channel + 4 : end, sums, y);
    }
}

#endif
