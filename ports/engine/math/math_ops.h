// What the check and the loop both read of the ops with codes 32 to 47.
#ifndef UPYML_MATH_OPS_H
#define UPYML_MATH_OPS_H

#include "../ops.h"
#include "../params.h"
#include "math.h"

void upyml_read_transpose_conv2d(const uint8_t *file, const upyml_op *op, const upyml_tensor *y, upyml_transpose_conv2d *p);

// The phase of the output pixels (row, column) modulo the stride. op, out: set to the convolution that it is.
void upyml_phase_op(const upyml_transpose_conv2d *p, int32_t row, int32_t column, const upyml_tensor *y, upyml_op *op,
    upyml_tensor *out);
void upyml_read_phase(const uint8_t *file, const upyml_op *op, const upyml_tensor *x, const upyml_tensor *out, int32_t row,
    int32_t column, upyml_phase *phase);

void upyml_read_log_softmax(const upyml_op *op, const upyml_tensor *x, upyml_log_softmax *p);
void upyml_read_cumsum(const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y, upyml_cumsum *p);

int upyml_is_pairwise(int opcode);

#endif
