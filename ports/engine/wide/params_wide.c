// Reads the fields of ops on 16-bit activations.
#include "params_wide.h"

void upyml_read_window_16(const uint8_t *file, const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y,
    upyml_window *p) {
    upyml_read_window(file, op, x, y, p);  // kernel, stride, dilation and padding stand in the same places
    const uint8_t *params = op->params;
    p->clamp_min = upyml_load_int16(params + UPYML_CONV2D_16_CLAMP_MIN);
    p->clamp_max = upyml_load_int16(params + UPYML_CONV2D_16_CLAMP_MAX);
    if (upyml_has_weights_16(op->opcode)) {
        p->weights = upyml_place(file, params + UPYML_CONV2D_16_WEIGHTS);
        p->channels = upyml_place(file, params + UPYML_CONV2D_16_CHANNELS);
    }
    if (op->opcode == UPYML_OPCODE_DEPTHWISE_CONV2D_16) {
        p->multiplier = upyml_load_int32(params + UPYML_DEPTHWISE_CONV2D_16_MULTIPLIER);
    }
}

void upyml_read_fully_connected_16(const uint8_t *file, const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y,
    upyml_fully_connected *p) {
    const uint8_t *params = op->params;
    p->out_c = y->shape[y->rank - 1];
    p->rows = (int32_t)(y->elements / (uint32_t)p->out_c);
    p->in_c = (int32_t)(x->elements / (uint32_t)p->rows);
    p->per_channel = params[UPYML_FULLY_CONNECTED_16_PER_CHANNEL];
    p->clamp_min = upyml_load_int16(params + UPYML_FULLY_CONNECTED_16_CLAMP_MIN);
    p->clamp_max = upyml_load_int16(params + UPYML_FULLY_CONNECTED_16_CLAMP_MAX);
    p->weights = upyml_place(file, params + UPYML_FULLY_CONNECTED_16_WEIGHTS);
    p->channels = upyml_place(file, params + UPYML_FULLY_CONNECTED_16_CHANNELS);
}

void upyml_read_binary_16(const upyml_op *op, const upyml_tensor *x1, const upyml_tensor *x2, const upyml_tensor *y,
    upyml_binary *p) {
    const int sum = op->opcode == UPYML_OPCODE_ADD_16 || op->opcode == UPYML_OPCODE_SUB_16;
    upyml_op base = *op;
    base.opcode = sum ? UPYML_OPCODE_ADD : UPYML_OPCODE_MUL;
    upyml_read_binary(&base, x1, x2, y, p);  // multipliers and shifts stand in the same places
    p->opcode = op->opcode;
    p->clamp_min = upyml_load_int16(op->params + (sum ? UPYML_ADD_16_CLAMP_MIN : UPYML_MUL_16_CLAMP_MIN));
    p->clamp_max = upyml_load_int16(op->params + (sum ? UPYML_ADD_16_CLAMP_MAX : UPYML_MUL_16_CLAMP_MAX));
}
