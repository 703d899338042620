// Rows of one channel of a depthwise convolution with a 3x3 kernel (depthwise_rows_3x3.S).
#ifndef UPYML_RISCV_DEPTHWISE_H
#define UPYML_RISCV_DEPTHWISE_H

#include "requantization.h"

// The assembly knows the offsets: every field is a word. Weights and bias are four times theirs, which the requantization
// needs of the sum.
typedef struct {
    int32_t weights[9], bias;
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
