// Four channels of a line of pixels with sparse weights, see conv2d_sparse_four.S.
#ifndef UPYML_CORTEX_M_DSP_CONV2D_SPARSE_FOUR_H
#define UPYML_CORTEX_M_DSP_CONV2D_SPARSE_FOUR_H

#include "../pairs/conv2d_block.h"

// What is the same for all pixels. The assembly knows the offsets: every field is a word.
typedef struct {
    const upyml_sparse_pair *list, *end;  // whole twos
    const upyml_conv2d_block *block;  // whose four channels are not special
    int32_t pixel_step, out_step;  // bytes from pixel to pixel
} upyml_conv2d_sparse_four;

// count: pixels, at least 1.
void upyml_conv2d_sparse_four_channels(const upyml_conv2d_sparse_four *four, const int32_t *x, int8_t *output, int32_t count);

#endif
