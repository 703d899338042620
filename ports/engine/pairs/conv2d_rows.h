// The packed input rows of a strip of output rows: a window that slides over the image in the order of the strips.
#ifndef UPYML_PAIRS_CONV2D_ROWS_H
#define UPYML_PAIRS_CONV2D_ROWS_H

#include "conv2d_layout.h"

// The CPU's: bytes at any address to words of two, see upyml_pair. pairs: may be 0.
void upyml_pack_pairs(const int8_t *x, int32_t *words, int32_t pairs);

// Packs the rows that output rows first to first + count - 1 read, but for those that the strip before, of `before`
// rows, has packed: they may be overwritten by now. before: 0 for the first strip.
void upyml_conv2d_load_rows(const upyml_window *p, const upyml_conv2d_layout *l, const int8_t *input, uint8_t *rows,
    int32_t first, int32_t count, int32_t before);

#endif
