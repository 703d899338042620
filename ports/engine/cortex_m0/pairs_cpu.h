// What the kernels of pairs/ ask of a CPU. On a Cortex-M0+ a word is x1 * 65536 + x0, an arithmetic sum: see conv2d_dot.S.
#ifndef UPYML_PAIRS_CPU_H
#define UPYML_PAIRS_CPU_H

#include "requantization.h"

enum {
    UPYML_BLOCK_CHANNELS = 4,
    UPYML_SHORT_RUN = 3,  // words: a kernel row costs 9 cycles a pixel to start, so several of them are gathered
    UPYML_ACCUMULATOR_BYTES = 16,  // in scratch, of a pixel
};

static inline int32_t upyml_pair(int32_t x0, int32_t x1) {
    return x1 * 65536 + x0;
}

// Value 0 or 1 of a pair.
static inline int32_t upyml_of_pair(int32_t pair, int32_t which) {
    int32_t x0 = (int16_t)pair;
    return which ? (pair - x0) >> 16 : x0;
}

// What is multiplied by a pair of values.
static inline int32_t upyml_weight_pair(int32_t w0, int32_t w1) {
    return w0 * 65536 + w1;
}

// Bytes of a block's expanded weights.
static inline int32_t upyml_weights_size(int32_t runs, int32_t run_words, int gathered) {
    (void)gathered;
    return runs * run_words * 16;
}

// The four channels of a block.
typedef struct {
    int32_t bias[4];
    upyml_prepared q[4];
    int32_t plain;  // is any of them?
} upyml_conv2d_block;

#endif
