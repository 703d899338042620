// Lines of output pixels, four channels and four pixels at a time (conv2d_dot.S, conv2d_sparse_dot.S).
#ifndef UPYML_RISCV_CONV2D_DOT_H
#define UPYML_RISCV_CONV2D_DOT_H

#include "../pairs/conv2d_block.h"

// The assembly knows the offsets: every field is a word. A segment is what a pixel reads in one go, some words.
typedef struct {
    const int32_t *weights;  // expanded, the segments' without gaps; or a list
    const int32_t *x;  // packed, of the first pixel
    int8_t *output;  // of the first pixel and channel
    int32_t count;  // pixels, at least 1
    int32_t pixel_step, out_step;  // bytes from pixel to pixel
    int32_t words, segments, segment_step;  // of a segment; of a pixel; bytes from one to the next
    const upyml_conv2d_block *block;
    int32_t *accumulators;  // NULL, or where those of four pixels go instead of to the output: count is 4 at most then
} upyml_conv2d_line_dot;

void upyml_conv2d_dot(const upyml_conv2d_line_dot *line);
void upyml_conv2d_sparse_dot(const upyml_conv2d_line_dot *line);

#endif
