// Blocks of four channels of a fully connected layer, see fully_connected_blocks.S.
#ifndef UPYML_CORTEX_M_DSP_FULLY_CONNECTED_BLOCKS_H
#define UPYML_CORTEX_M_DSP_FULLY_CONNECTED_BLOCKS_H

#include <stdint.h>

// The assembly knows the offsets: every field is a word.
typedef struct {
    const uint8_t *weights;  // of the first block's first k, on a word
    int32_t *sums;  // what each channel begins with: four words a block
    const int32_t *x;  // packed pairs
    int32_t quads;  // of k, at least 1
    int32_t surplus;  // 128 times the sum of x
    int32_t blocks;  // at least 1
    int32_t gap;  // bytes from a block's last weight to the next one's first
    int8_t *output;  // NULL: the sums are left where they were
    int32_t multiplier, offset, right_shift;  // with output: of all channels, see upyml_requantize_int8
} upyml_fully_connected_blocks;

void upyml_fully_connected_run_blocks(const upyml_fully_connected_blocks *b);

#endif
