// What the kernels of pairs/ ask of a CPU. With the DSP extension a word is two halfwords: (x0, x1) of values, but
// (w1, w0) of weights, as SXTB16 makes them of the file's order, where k = 1, 3, 0, 2. SMLADX multiplies crosswise.
#ifndef UPYML_PAIRS_CPU_H
#define UPYML_PAIRS_CPU_H

#include "requantization.h"

enum {
    UPYML_BLOCK_CHANNELS = 4,
    UPYML_SHORT_RUN = 3,  // words: a kernel row takes some 10 instructions to start, so short ones become one run
    UPYML_LINE_PIXELS = 2,  // pixels of a line that are made at once
};

static inline int32_t upyml_pair(int32_t x0, int32_t x1) {
    return upyml_pair_lows(x0, x1);
}

// Value 0 or 1 of a pair.
static inline int32_t upyml_of_pair(int32_t pair, int32_t which) {
    return which ? pair >> 16 : (int16_t)pair;
}

// Bytes of a block's expanded weights: runs that follow each other may share a word of the last one's excess.
static inline int32_t upyml_weights_size(int32_t kernel_h, int32_t run_words, int32_t segments) {
    (void)segments;
    return kernel_h * run_words * 16 + (run_words & 1) * 16;
}

// The four channels of a block.
typedef struct {
    int32_t bias[4];
    upyml_prepared q[4];
} upyml_conv2d_block;

#endif
