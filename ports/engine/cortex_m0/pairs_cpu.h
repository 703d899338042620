// What the kernels of pairs/ ask of a CPU. On a Cortex-M0+ a word is x1 * 65536 + x0, an arithmetic sum: see conv2d_line.S.
#ifndef UPYML_PAIRS_CPU_H
#define UPYML_PAIRS_CPU_H

#include "requantization.h"

enum {
    UPYML_BLOCK_CHANNELS = 4,
    UPYML_SHORT_RUN = 3,  // words: a kernel row costs 9 cycles a pixel to start, so short ones become one run
    UPYML_LINE_PIXELS = 1,  // pixels of a line that are made at once
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

// What is multiplied by a pair of values.
static inline int32_t upyml_weight_pair(int32_t w0, int32_t w1) {
    return w0 * 65536 + w1;
}

// A layer, and the four channels of a block. prepare_block.S and conv2d_line.S know the places: every field is a word.
typedef struct {
    const int32_t *weights, *weights_end;  // expanded
    int32_t span;  // bytes of x from the first turn of a segment to its last one: a turn is 32 words
    int32_t gap;  // from a segment's last turn to the first one of the next segment
    int32_t turn_code;  // bytes of code that the first turn of a segment leaves out, 32 a word
    int32_t kind;  // 0: one turn a pixel, 1: one a segment, 2: more
    int32_t advance;  // bytes of x from a pixel's first turn to its last one
    int32_t out_c;
    const uint8_t *biases, *multipliers, *shifts, *bits;  // of all channels, as in the file
    int32_t run_bytes, runs;  // weights of a kernel row in the file
    int32_t excess;  // bytes of expanded weights that a run ends and the next begins with
    // Coded weights, of kind 3: turn_code is an address. See conv2d_int4.c for what span, gap, run_bytes, excess are then.
    upyml_output_range range;
    int32_t bias[4];
    upyml_channel_factors q[4];
    int32_t aligned;  // do weights and channels start on words, and has each channel a multiplier?
} upyml_conv2d_block;

#endif
