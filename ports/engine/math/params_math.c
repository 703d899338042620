#include "math_ops.h"

void upyml_read_transpose_conv2d(const uint8_t *file, const upyml_op *op, const upyml_tensor *y, upyml_transpose_conv2d *p) {
    p->stride_h = (int32_t)upyml_load16(op->params + UPYML_TRANSPOSE_CONV2D_STRIDE_H);
    p->stride_w = (int32_t)upyml_load16(op->params + UPYML_TRANSPOSE_CONV2D_STRIDE_W);
    upyml_image(y, &p->out_h, &p->out_w, &p->out_c);
    p->phases = upyml_place(file, op->params + UPYML_TRANSPOSE_CONV2D_PHASES);
}

void upyml_phase_op(const upyml_transpose_conv2d *p, int32_t row, int32_t column, const upyml_tensor *y, upyml_op *op,
    upyml_tensor *out) {
    op->opcode = UPYML_OPCODE_CONV2D;
    op->order = UPYML_ORDER_DISJOINT;
    op->params = p->phases + (row * p->stride_w + column) * UPYML_CONV2D_BYTES;
    *out = *y;
    out->rank = 3;
    out->ring_rows = 0;
    out->shape[0] = (p->out_h - row + p->stride_h - 1) / p->stride_h;
    out->shape[1] = (p->out_w - column + p->stride_w - 1) / p->stride_w;
    out->shape[2] = p->out_c;
    out->elements = (uint32_t)out->shape[0] * (uint32_t)out->shape[1] * (uint32_t)out->shape[2];
}

void upyml_read_phase(const uint8_t *file, const upyml_op *op, const upyml_tensor *x, const upyml_tensor *out, int32_t row,
    int32_t column, upyml_phase *phase) {
    upyml_read_window(file, op, x, out, &phase->window);
    phase->row = row;
    phase->column = column;
}

void upyml_read_log_softmax(const upyml_op *op, const upyml_tensor *x, upyml_log_softmax *p) {
    p->classes = x->shape[x->rank - 1];
    p->rows = (int32_t)(x->elements / (uint32_t)p->classes);
    p->multiplier = upyml_load_int32(op->params + UPYML_LOG_SOFTMAX_MULTIPLIER);
    p->shift = upyml_load_int32(op->params + UPYML_LOG_SOFTMAX_SHIFT);
    p->diff_min = upyml_load_int32(op->params + UPYML_LOG_SOFTMAX_DIFF_MIN);
    p->reverse_multiplier = upyml_load_int32(op->params + UPYML_LOG_SOFTMAX_REVERSE_MULTIPLIER);
    p->reverse_shift = upyml_load_int32(op->params + UPYML_LOG_SOFTMAX_REVERSE_SHIFT);
}

void upyml_read_cumsum(const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y, upyml_cumsum *p) {
    p->outer = upyml_load_int32(op->params + UPYML_CUMSUM_OUTER);
    p->count = upyml_load_int32(op->params + UPYML_CUMSUM_COUNT);
    p->inner = upyml_load_int32(op->params + UPYML_CUMSUM_INNER);
    p->multiplier1 = upyml_load_int32(op->params + UPYML_CUMSUM_MULTIPLIER1);
    p->multiplier = upyml_load_int32(op->params + UPYML_CUMSUM_MULTIPLIER);
    p->start = upyml_load_int32(op->params + UPYML_CUMSUM_START);
    p->shift1 = (int8_t)op->params[UPYML_CUMSUM_SHIFT1];
    p->shift = (int8_t)op->params[UPYML_CUMSUM_SHIFT];
    p->exclusive = op->params[UPYML_CUMSUM_EXCLUSIVE];
    p->reverse = op->params[UPYML_CUMSUM_REVERSE];
    p->in_zero_point = x->zero_point;
    p->out_zero_point = y->zero_point;
}

int upyml_is_pairwise(int opcode) {
    return opcode >= UPYML_OPCODE_MAXIMUM && opcode <= UPYML_OPCODE_DIV;
}
