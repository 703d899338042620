// What the kernels of pairs/ ask of a CPU. On RV32IM a word is x1 * 65536 + x0, an arithmetic sum: see conv2d_dot.S.
#ifndef UPYML_PAIRS_CPU_H
#define UPYML_PAIRS_CPU_H

#include "requantization.h"

enum {
    UPYML_BLOCK_CHANNELS = 4,
    UPYML_SHORT_RUN = 3,  // words: a kernel row costs 21 instructions a group to start, so short ones become one run
    UPYML_LINE_PIXELS = 4,  // pixels of a line that are made at once
};

static inline int32_t upyml_pair(int32_t x0, int32_t x1) {
    return x1 * 65536 + x0;
}

// Value 0 or 1 of a pair.
static inline int32_t upyml_of_pair(int32_t pair, int32_t which) {
    int32_t x0 = (int16_t)pair;
    return which ? (pair - x0) >> 16 : x0;
}

// Bytes of a block's expanded weights: runs that follow each other may share a word of the last one's excess.
static inline int32_t upyml_weights_size(int32_t kernel_h, int32_t run_words, int32_t segments) {
    (void)segments;
    return kernel_h * run_words * 16 + (run_words & 1) * 16;
}

// The four channels of a block. conv2d_dot.S knows the offsets.
typedef struct {
    int32_t bias[4];
    upyml_prepared q[4];
    int32_t plain;  // is any of them?
} upyml_conv2d_block;

#endif
