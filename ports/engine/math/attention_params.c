#include "attention_params.h"

// Counts and strides of a tensor's axes in the order that `axes` names; an axis of length 1 has stride 0.
static void ordered(const upyml_tensor *tensor, const uint8_t *axes, int32_t *count, int32_t *stride) {
    for (int i = 0; i < UPYML_PRODUCT_AXES; i++) {
        int32_t step = 1;
        for (int axis = UPYML_MAX_RANK - 1; axis > axes[i]; axis--) {
            step *= tensor->shape[axis];
        }
        count[i] = tensor->shape[axes[i]];
        stride[i] = count[i] == 1 ? 0 : step;
    }
}

void upyml_read_batch_matmul(const upyml_op *op, const upyml_tensor *left, const upyml_tensor *right,
    const upyml_tensor *y, upyml_batch_matmul *p) {
    const uint8_t *params = op->params;
    int32_t count[UPYML_PRODUCT_AXES];
    ordered(right, params + UPYML_BATCH_MATMUL_RIGHT, count, p->right);
    ordered(left, params + UPYML_BATCH_MATMUL_LEFT, count, p->left);
    p->depth = count[3];
    ordered(y, params + UPYML_BATCH_MATMUL_OUTPUT, p->count, p->output);
    p->left_zero_point = left->zero_point;
    p->right_zero_point = right->zero_point;
    p->out_zero_point = y->zero_point;
    p->multiplier = upyml_load_int32(params + UPYML_BATCH_MATMUL_MULTIPLIER);
    p->shift = (int8_t)params[UPYML_BATCH_MATMUL_SHIFT];
    p->clamp_min = (int8_t)params[UPYML_BATCH_MATMUL_CLAMP_MIN];
    p->clamp_max = (int8_t)params[UPYML_BATCH_MATMUL_CLAMP_MAX];
}

void upyml_read_layer_norm(const uint8_t *file, const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y,
    upyml_layer_norm *p) {
    const uint8_t *params = op->params;
    p->count = upyml_load_int32(params + UPYML_LAYER_NORM_COUNT);
    p->rows = (int32_t)(x->elements / (uint32_t)p->count);
    p->centered = params[UPYML_LAYER_NORM_CENTERED];
    p->epsilon = upyml_load32(params + UPYML_LAYER_NORM_EPSILON)
        | (uint64_t)upyml_load32(params + UPYML_LAYER_NORM_EPSILON_HIGH) << 32;
    p->in_zero_point = x->zero_point;
    p->out_zero_point = y->zero_point;
    p->multiplier = upyml_load_int32(params + UPYML_LAYER_NORM_MULTIPLIER);
    p->shift = (int8_t)params[UPYML_LAYER_NORM_SHIFT];
    p->clamp_min = (int8_t)params[UPYML_LAYER_NORM_CLAMP_MIN];
    p->clamp_max = (int8_t)params[UPYML_LAYER_NORM_CLAMP_MAX];
    p->gamma = upyml_place(file, params + UPYML_LAYER_NORM_GAMMA);
    p->beta = upyml_place(file, params + UPYML_LAYER_NORM_BETA);
}

void upyml_read_gather(const upyml_op *op, const upyml_tensor *x, const upyml_tensor *indices, upyml_gather *p) {
    p->outer = upyml_load_int32(op->params + UPYML_GATHER_OUTER);
    p->count = upyml_load_int32(op->params + UPYML_GATHER_COUNT);
    p->bytes = upyml_load_int32(op->params + UPYML_GATHER_INNER) * (int32_t)upyml_width(x->dtype);
    p->indices = (int32_t)indices->elements;
    p->dtype = indices->dtype;
    p->zero_point = indices->zero_point;
}

void upyml_read_masked_softmax(const upyml_op *op, const upyml_tensor *x, upyml_softmax *p, upyml_band *band) {
    p->classes = x->shape[x->rank - 1];
    p->rows = (int32_t)(x->elements / (uint32_t)p->classes);
    p->multiplier = upyml_load_int32(op->params + UPYML_MASKED_SOFTMAX_MULTIPLIER);
    p->shift = upyml_load_int32(op->params + UPYML_MASKED_SOFTMAX_SHIFT);
    p->diff_min = upyml_load_int32(op->params + UPYML_MASKED_SOFTMAX_DIFF_MIN);
    p->known = NULL;
    band->rows = upyml_load_int32(op->params + UPYML_MASKED_SOFTMAX_ROWS);
    band->before = upyml_load_int32(op->params + UPYML_MASKED_SOFTMAX_BEFORE);
    band->after = upyml_load_int32(op->params + UPYML_MASKED_SOFTMAX_AFTER);
}
