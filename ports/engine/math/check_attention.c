// The check of the ops of attention.h; upyml/format/check_attention.py asks the same in the same order.
#include "attention_ops.h"
#include "attention_params.h"

static int is_order(const uint8_t *axes) {
    int seen = 0;
    for (int i = 0; i < UPYML_PRODUCT_AXES; i++) {
        seen |= axes[i] < UPYML_MAX_RANK ? 1 << axes[i] : 0;
    }
    return seen == (1 << UPYML_PRODUCT_AXES) - 1;
}

static int clamps(const uint8_t *low, const uint8_t *high) {
    return (int8_t)*low <= (int8_t)*high;
}

static int check_batch_matmul(const upyml_op *op, const upyml_tensor *left, const upyml_tensor *right,
    const upyml_tensor *y, uint32_t *scratch) {
    const uint8_t *p = op->params, *l = p + UPYML_BATCH_MATMUL_LEFT, *r = p + UPYML_BATCH_MATMUL_RIGHT;
    const uint8_t *o = p + UPYML_BATCH_MATMUL_OUTPUT;
    UPYML_NEED(is_order(l) && is_order(r) && is_order(o), PARAMS);
    for (int i = 0; i < 2; i++) {
        int32_t a = left->shape[l[i]], b = right->shape[r[i]], c = y->shape[o[i]];
        UPYML_NEED((a == 1 || a == c) && (b == 1 || b == c), SHAPE);
    }
    UPYML_NEED(left->shape[l[2]] == y->shape[o[2]] && right->shape[r[3]] == y->shape[o[3]], SHAPE);
    UPYML_NEED(left->shape[l[3]] == right->shape[r[2]], SHAPE);
    UPYML_NEED(upyml_shift_fits((int8_t)p[UPYML_BATCH_MATMUL_SHIFT]), PARAMS);
    UPYML_NEED(clamps(p + UPYML_BATCH_MATMUL_CLAMP_MIN, p + UPYML_BATCH_MATMUL_CLAMP_MAX), PARAMS);
    upyml_batch_matmul read;
    upyml_read_batch_matmul(op, left, right, y, &read);
    *scratch = upyml_batch_matmul_s8_scratch_size(&read);
    return UPYML_PASSED;
}

static int check_layer_norm(const uint8_t *file, const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y) {
    const uint8_t *p = op->params;
    uint32_t count = upyml_load32(p + UPYML_LAYER_NORM_COUNT);
    uint32_t low = upyml_load32(p + UPYML_LAYER_NORM_EPSILON), high = upyml_load32(p + UPYML_LAYER_NORM_EPSILON_HIGH);
    UPYML_NEED(x->elements == y->elements && count >= 1 && count <= UPYML_MAX_NORMALIZED, SHAPE);
    UPYML_NEED(x->elements % count == 0, SHAPE);
    UPYML_NEED(p[UPYML_LAYER_NORM_CENTERED] <= 1 && (low || high) && high < 1u << 28, PARAMS);
    UPYML_NEED(upyml_shift_fits((int8_t)p[UPYML_LAYER_NORM_SHIFT]), PARAMS);
    UPYML_NEED(clamps(p + UPYML_LAYER_NORM_CLAMP_MIN, p + UPYML_LAYER_NORM_CLAMP_MAX), PARAMS);
    UPYML_NEED(upyml_in_data(file, upyml_load32(p + UPYML_LAYER_NORM_GAMMA), 2 * count, 2), DATA);
    UPYML_NEED(upyml_in_data(file, upyml_load32(p + UPYML_LAYER_NORM_BETA), 4 * count, 4), DATA);
    return UPYML_PASSED;
}

static int check_gather(const upyml_op *op, const upyml_tensor *x, const upyml_tensor *indices, const upyml_tensor *y) {
    uint32_t outer = upyml_load32(op->params + UPYML_GATHER_OUTER), count = upyml_load32(op->params + UPYML_GATHER_COUNT);
    uint32_t inner = upyml_load32(op->params + UPYML_GATHER_INNER);
    UPYML_NEED(outer >= 1 && outer <= UPYML_MAX_ELEMENTS && count >= 1 && count <= UPYML_MAX_ELEMENTS, SHAPE);
    UPYML_NEED(inner >= 1 && inner <= UPYML_MAX_ELEMENTS && (uint64_t)outer * inner <= UPYML_MAX_ELEMENTS, SHAPE);
    UPYML_NEED((uint64_t)outer * inner * count == x->elements, SHAPE);
    UPYML_NEED((uint64_t)outer * inner * indices->elements == y->elements, SHAPE);
    return UPYML_PASSED;
}

static int check_masked_softmax(const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y) {
    upyml_softmax p;
    upyml_band band;
    upyml_read_masked_softmax(op, x, &p, &band);
    UPYML_NEED(x->elements == y->elements && p.classes <= UPYML_MAX_CLASSES, SHAPE);
    UPYML_NEED(y->shape[y->rank - 1] == p.classes && band.rows >= 1 && p.rows % band.rows == 0, SHAPE);
    UPYML_NEED(p.multiplier >= 0 && p.shift >= 0 && p.shift <= UPYML_MAX_SHIFT && p.diff_min <= 0, PARAMS);
    UPYML_NEED(band.before >= 0 && band.before <= UPYML_MAX_ELEMENTS && band.after >= 0, PARAMS);
    UPYML_NEED(band.after <= UPYML_MAX_ELEMENTS, PARAMS);
    return UPYML_PASSED;
}

int upyml_check_attention(const uint8_t *file, const upyml_op *op, const upyml_tensor *y, uint32_t *scratch) {
    int two = op->opcode == UPYML_OPCODE_BATCH_MATMUL || op->opcode == UPYML_OPCODE_GATHER;
    UPYML_NEED(op->input_count == (two ? 2 : 1), ARITY);
    upyml_tensor x, x2;
    upyml_read_link(file, op, 0, &x);
    upyml_read_link(file, op, two ? 1 : 0, &x2);
    if (op->opcode == UPYML_OPCODE_GATHER) {
        UPYML_NEED(x.dtype == y->dtype && x2.dtype <= UPYML_DTYPE_INT32, DTYPE);
    } else {
        UPYML_NEED(x.dtype == UPYML_DTYPE_INT8 && x2.dtype == UPYML_DTYPE_INT8 && y->dtype == UPYML_DTYPE_INT8, DTYPE);
    }
    UPYML_NEED(op->order == UPYML_ORDER_DISJOINT || (!two && op->order == UPYML_ORDER_FORWARD), ORDER);
    switch (op->opcode) {
        case UPYML_OPCODE_BATCH_MATMUL:
            return check_batch_matmul(op, &x, &x2, y, scratch);
        case UPYML_OPCODE_LAYER_NORM:
            return check_layer_norm(file, op, &x, y);
        case UPYML_OPCODE_GATHER:
            return check_gather(op, &x, &x2, y);
        default:
            return check_masked_softmax(op, &x, y);
    }
}
