// The kernels of the family MATH, op codes 32 to 47. As in kernels.h: they trust a model that has been checked.
#ifndef UPYML_MATH_H
#define UPYML_MATH_H

#include "../kernels.h"
#include "layout_math.h"

// A transposed convolution with stride h, w: h * w ordinary convolutions (phases), whose outputs interleave.
typedef struct {
    int32_t stride_h, stride_w;
    int32_t out_h, out_w, out_c;
    const uint8_t *phases;  // in the file: a record of CONV2D's own fields for each
} upyml_transpose_conv2d;

// One phase on its way. The window's rows lie in a ring of window.out_ring rows, in scratch.
typedef struct {
    upyml_window window;
    int32_t row, column;  // of the output where its first pixel stands
} upyml_phase;

// Bytes of scratch with strips of `strip` rows: a ring of such rows, and what the convolution needs.
int32_t upyml_phase_scratch_size(const upyml_phase *phase, int32_t strip);
void upyml_run_phase(const upyml_transpose_conv2d *p, upyml_phase *phase, const int8_t *input, int8_t *output,
    uint8_t *scratch, int32_t scratch_size);

// Two inputs that broadcast, as upyml_binary_s8. opcode: UPYML_OPCODE_MAXIMUM, MINIMUM, PRELU, SQUARED_DIFFERENCE or DIV.
void upyml_pairwise_s8(const upyml_binary *p, const int8_t *input1, const int8_t *input2, int8_t *output);

typedef struct {
    int32_t rows, classes, multiplier, shift, diff_min, reverse_multiplier, reverse_shift;
} upyml_log_softmax;

void upyml_log_softmax_s8(const upyml_log_softmax *p, const int8_t *input, int8_t *output);

// Each of `rows` rows of `count` values divided by its length, in 1/128.
void upyml_l2_normalization_s8(int32_t rows, int32_t count, int32_t zero_point, const int8_t *input, int8_t *output);

// Sums along the middle axis of (outer, count, inner).
typedef struct {
    int32_t outer, count, inner;
    int32_t multiplier1, multiplier, start, shift1, shift, in_zero_point, out_zero_point;
    int exclusive, reverse;
} upyml_cumsum;

void upyml_cumsum_s8(const upyml_cumsum *p, const int8_t *input, int8_t *output);

#endif
