// Planes of one channel, a byte a value, that a depthwise convolution is made from.
#ifndef UPYML_RISCV_DEPTHWISE_H
#define UPYML_RISCV_DEPTHWISE_H

#include "requantization.h"

// Copies one channel of rows of the input, its values `step` bytes apart, to rows of a plane `row_bytes` apart, which start
// with `columns` values. columns, rows: at least 1 (depthwise_copy.S).
void upyml_depthwise_copy(const int8_t *x, int8_t *to, int32_t columns, int32_t rows, int32_t step, int32_t row_bytes);

// Rows of a 3x3 kernel. The assembly knows the offsets: every field is a word.
typedef struct {
    const int8_t *weights;
    int32_t bias;
    const upyml_prepared *q;  // not plain
    const int8_t *x;  // of the plane, with its padding: where the first window begins
    int32_t tap_row, next_row;  // bytes from a row of taps to the next; from a row of windows to the next
    int8_t *output;
    int32_t out_step;  // bytes from pixel to pixel; the rows' pixels lie one after another
    int32_t columns, rows;  // of output, at least 1
    int32_t stride;  // columns from window to window, 1 or 2
} upyml_depthwise_rows;

void upyml_depthwise_rows_3x3(const upyml_depthwise_rows *rows);

#endif
