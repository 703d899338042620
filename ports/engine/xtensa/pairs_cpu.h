// What the kernels of pairs/ ask of a CPU. On an LX6 a word is two int16 as they are; a block is one output channel, whose
// weights are a stream of words as conv2d_pixels.S wants them.
#ifndef UPYML_PAIRS_CPU_H
#define UPYML_PAIRS_CPU_H

#include "requantization.h"

enum {
    UPYML_BLOCK_CHANNELS = 1,
    UPYML_LINE_PIXELS = 1,  // pixels that are made at once
    UPYML_SHORT_RUN = 3,  // words: a kernel row costs 4 instructions a pixel and is filled up to 4 k
};

static inline int32_t upyml_pair(int32_t x0, int32_t x1) {
    return (int32_t)((uint32_t)x1 << 16 | (uint32_t)(uint16_t)x0);
}

// Value 0 or 1 of a pair.
static inline int32_t upyml_of_pair(int32_t pair, int32_t which) {
    return which ? pair >> 16 : (int16_t)pair;
}

// Bytes of a channel's expanded weights: those of each segment of a pixel are filled up to 4 k. Half a word in front, half a
// word and one that is loaded too much behind.
static inline int32_t upyml_weights_size(int32_t kernel_h, int32_t run_words, int32_t segments) {
    int32_t words = segments == 1 ? (kernel_h * run_words + 1) & ~1 : kernel_h * ((run_words + 1) & ~1);
    return 4 * words + 8;
}

// A channel. The assembly knows the offsets: conv2d_job.inc.
typedef struct {
    const int32_t *weights;  // one word before the first: LDINC counts first
    int32_t bias;  // times 4, as the weights are
    upyml_prepared q;
    int32_t turns;  // of the inner loop: a run's four k, less one
    int32_t skip;  // bytes from the end of a run to the next one
    int32_t more_runs;  // than one
} upyml_conv2d_job;

typedef struct {
    upyml_conv2d_job job;
    int32_t is_3x9;  // conv2d_pixels_3x9.S
    int32_t pixel;  // bytes from a pixel to the end of its last run
    int32_t narrow;  // the clamp is narrower than int8
} upyml_conv2d_block;

#endif
