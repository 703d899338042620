#include "params.h"

#include "ops.h"

void upyml_image(const upyml_tensor *tensor, int32_t *height, int32_t *width, int32_t *channels) {
    const int32_t *shape = tensor->shape;
    int rank = tensor->rank;
    *height = rank >= 3 ? shape[0] : 1;
    *width = rank >= 3 ? shape[1] : rank == 2 ? shape[0] : 1;
    *channels = shape[rank >= 3 ? 2 : rank - 1];
}

void upyml_read_window(const uint8_t *file, const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y,
    upyml_window *p) {
    const uint8_t *params = op->params;
    upyml_image(x, &p->in_h, &p->in_w, &p->in_c);
    upyml_image(y, &p->out_h, &p->out_w, &p->out_c);
    p->kernel_h = (int32_t)upyml_load16(params + UPYML_CONV2D_KERNEL_H);
    p->kernel_w = (int32_t)upyml_load16(params + UPYML_CONV2D_KERNEL_W);
    p->stride_h = (int32_t)upyml_load16(params + UPYML_CONV2D_STRIDE_H);
    p->stride_w = (int32_t)upyml_load16(params + UPYML_CONV2D_STRIDE_W);
    p->dilation_h = (int32_t)upyml_load16(params + UPYML_CONV2D_DILATION_H);
    p->dilation_w = (int32_t)upyml_load16(params + UPYML_CONV2D_DILATION_W);
    p->pad_top = (int32_t)upyml_load16(params + UPYML_CONV2D_PAD_TOP);
    p->pad_left = (int32_t)upyml_load16(params + UPYML_CONV2D_PAD_LEFT);
    p->clamp_min = (int8_t)params[UPYML_CONV2D_CLAMP_MIN];
    p->clamp_max = (int8_t)params[UPYML_CONV2D_CLAMP_MAX];
    p->in_zero_point = x->zero_point;
    p->out_zero_point = y->zero_point;
    p->order = op->order;
    p->first_row = 0;
    p->end_row = p->out_h;
    p->in_ring = upyml_room(x, p->in_h);
    p->out_ring = upyml_room(y, p->out_h);
    p->multiplier = 1;
    p->weights = p->channels = NULL;
    p->coding = UPYML_CODING_INT8;
    p->pairs = 0;
    if (UPYML_HAS_CODINGS && op->opcode == UPYML_OPCODE_CONV2D) {
        p->coding = params[UPYML_CONV2D_CODING];
        p->pairs = upyml_load_int32(params + UPYML_CONV2D_PAIRS);
    }
    if (op->opcode == UPYML_OPCODE_CONV2D || op->opcode == UPYML_OPCODE_DEPTHWISE_CONV2D) {
        p->weights = upyml_place(file, params + UPYML_CONV2D_WEIGHTS);
        p->channels = upyml_place(file, params + UPYML_CONV2D_CHANNELS);
    }
    if (op->opcode == UPYML_OPCODE_DEPTHWISE_CONV2D) {
        p->multiplier = upyml_load_int32(params + UPYML_DEPTHWISE_CONV2D_MULTIPLIER);
    }
}

void upyml_read_fully_connected(const uint8_t *file, const upyml_op *op, const upyml_tensor *x,
    const upyml_tensor *y, upyml_fully_connected *p) {
    const uint8_t *params = op->params;
    p->out_c = y->shape[y->rank - 1];
    p->rows = (int32_t)(y->elements / (uint32_t)p->out_c);
    p->in_c = (int32_t)(x->elements / (uint32_t)p->rows);
    p->out_zero_point = y->zero_point;
    p->clamp_min = (int8_t)params[UPYML_FULLY_CONNECTED_CLAMP_MIN];
    p->clamp_max = (int8_t)params[UPYML_FULLY_CONNECTED_CLAMP_MAX];
    p->per_channel = params[UPYML_FULLY_CONNECTED_PER_CHANNEL];
    p->order = op->order;
    p->coding = UPYML_HAS_CODINGS ? params[UPYML_FULLY_CONNECTED_CODING] : UPYML_CODING_INT8;
    p->pairs = UPYML_HAS_CODINGS ? upyml_load_int32(params + UPYML_FULLY_CONNECTED_PAIRS) : 0;
    p->weights = upyml_place(file, params + UPYML_FULLY_CONNECTED_WEIGHTS);
    p->channels = upyml_place(file, params + UPYML_FULLY_CONNECTED_CHANNELS);
}

// Elements from one step of each output axis to the next in an input that broadcasts to it.
static void broadcast_strides(const upyml_tensor *x, const upyml_tensor *y, int32_t *stride) {
    int32_t step = 1;
    int missing = y->rank - x->rank;
    for (int axis = UPYML_MAX_RANK - 1; axis >= 0; axis--) {
        int32_t count = axis >= y->rank || axis < missing ? 1 : x->shape[axis - missing];
        stride[axis] = count == 1 ? 0 : step;
        step *= count;
    }
}

void upyml_read_binary(const upyml_op *op, const upyml_tensor *x1, const upyml_tensor *x2, const upyml_tensor *y,
    upyml_binary *p) {
    const uint8_t *params = op->params;
    for (int axis = 0; axis < UPYML_MAX_RANK; axis++) {
        p->shape[axis] = y->shape[axis];
    }
    broadcast_strides(x1, y, p->stride1);
    broadcast_strides(x2, y, p->stride2);
    p->zero_point1 = x1->zero_point;
    p->zero_point2 = x2->zero_point;
    p->out_zero_point = y->zero_point;
    p->opcode = op->opcode;
    p->order = op->order;
    if (op->opcode == UPYML_OPCODE_MUL) {
        p->multiplier1 = p->multiplier2 = p->shift1 = p->shift2 = p->left_shift = 0;
        p->multiplier = upyml_load_int32(params + UPYML_MUL_MULTIPLIER);
        p->shift = (int8_t)params[UPYML_MUL_SHIFT];
        p->clamp_min = (int8_t)params[UPYML_MUL_CLAMP_MIN];
        p->clamp_max = (int8_t)params[UPYML_MUL_CLAMP_MAX];
    } else {
        p->multiplier1 = upyml_load_int32(params + UPYML_ADD_MULTIPLIER1);
        p->multiplier2 = upyml_load_int32(params + UPYML_ADD_MULTIPLIER2);
        p->multiplier = upyml_load_int32(params + UPYML_ADD_MULTIPLIER);
        p->shift1 = (int8_t)params[UPYML_ADD_SHIFT1];
        p->shift2 = (int8_t)params[UPYML_ADD_SHIFT2];
        p->shift = (int8_t)params[UPYML_ADD_SHIFT];
        p->left_shift = (int8_t)params[UPYML_ADD_LEFT_SHIFT];
        p->clamp_min = (int8_t)params[UPYML_ADD_CLAMP_MIN];
        p->clamp_max = (int8_t)params[UPYML_ADD_CLAMP_MAX];
    }
}

void upyml_read_argmax(const upyml_op *op, upyml_axis *p) {
    p->outer = upyml_load_int32(op->params + UPYML_ARGMAX_OUTER);
    p->count = upyml_load_int32(op->params + UPYML_ARGMAX_COUNT);
    p->inner = upyml_load_int32(op->params + UPYML_ARGMAX_INNER);
}

void upyml_read_mean(const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y, upyml_axis *p) {
    upyml_read_argmax(op, p);  // the same first three fields
    p->multiplier = upyml_load_int32(op->params + UPYML_MEAN_MULTIPLIER);
    p->shift = (int8_t)op->params[UPYML_MEAN_SHIFT];
    p->clamp_min = (int8_t)op->params[UPYML_MEAN_CLAMP_MIN];
    p->clamp_max = (int8_t)op->params[UPYML_MEAN_CLAMP_MAX];
    p->in_zero_point = x->zero_point;
    p->out_zero_point = y->zero_point;
}

void upyml_read_softmax(const upyml_op *op, const upyml_tensor *x, upyml_softmax *p) {
    p->classes = x->shape[x->rank - 1];
    p->rows = (int32_t)(x->elements / (uint32_t)p->classes);
    p->multiplier = upyml_load_int32(op->params + UPYML_SOFTMAX_MULTIPLIER);
    p->shift = upyml_load_int32(op->params + UPYML_SOFTMAX_SHIFT);
    p->diff_min = upyml_load_int32(op->params + UPYML_SOFTMAX_DIFF_MIN);
    p->known = NULL;
}
