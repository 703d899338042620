// The check of the ops of the family MATH; upyml/format/check_math.py asks the same in the same order.
#include "../check_op.h"
#include "../families.h"
#include "attention_ops.h"
#include "math_ops.h"

enum {
    MOST_PHASES = 256,
    MOST_DIVIDED = 22,  // the shift of a DIV: its quotient is then always divided, never multiplied
    MOST_SQUARED = 32767,  // values of an L2_NORMALIZATION: 255 * 255 of each add up to an int32
};

static int check_transpose_conv2d(const uint8_t *file, const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y,
    uint32_t *scratch) {
    UPYML_NEED(UPYML_HAS(CONV2D), OPCODE);
    UPYML_NEED(x->rank <= 3 && y->rank <= 3, SHAPE);
    uint32_t at = upyml_load32(op->params + UPYML_TRANSPOSE_CONV2D_PHASES);
    uint32_t stride_h = upyml_load16(op->params + UPYML_TRANSPOSE_CONV2D_STRIDE_H);
    uint32_t stride_w = upyml_load16(op->params + UPYML_TRANSPOSE_CONV2D_STRIDE_W);
    int32_t height, width, channels;
    upyml_image(y, &height, &width, &channels);
    UPYML_NEED(stride_h >= 1 && stride_w >= 1 && stride_h * stride_w <= MOST_PHASES
        && stride_h <= (uint32_t)height && stride_w <= (uint32_t)width, PARAMS);
    UPYML_NEED(upyml_in_data(file, at, stride_h * stride_w * UPYML_CONV2D_BYTES, 4), DATA);
    upyml_transpose_conv2d p;
    upyml_read_transpose_conv2d(file, op, y, &p);
    for (int32_t row = 0; row < p.stride_h; row++) {
        for (int32_t column = 0; column < p.stride_w; column++) {
            upyml_op one;
            upyml_tensor out;
            upyml_phase phase;
            uint32_t ignored = 0;
            upyml_phase_op(&p, row, column, y, &one, &out);
            int answer = upyml_check_params(file, &one, x, x, &out, &ignored);
            if (answer != UPYML_PASSED) {
                return answer;
            }
            upyml_read_phase(file, &one, x, &out, row, column, &phase);
            uint32_t need = 0;
            UPYML_FOR(CONV2D, need = (uint32_t)upyml_phase_scratch_size(&phase, 1));
            *scratch = need > *scratch ? need : *scratch;
        }
    }
    return UPYML_PASSED;
}

// As an ADD's; a quotient's shift has less room.
static int check_pairwise(const uint8_t *file, const upyml_op *op, const upyml_tensor *x, const upyml_tensor *x2,
    const upyml_tensor *y, uint32_t *scratch) {
    upyml_op sum = *op;
    sum.opcode = UPYML_OPCODE_ADD;
    int answer = upyml_check_params(file, &sum, x, x2, y, scratch);
    UPYML_NEED(answer != UPYML_PASSED || op->opcode != UPYML_OPCODE_DIV
        || (int8_t)op->params[UPYML_DIV_SHIFT] <= MOST_DIVIDED, PARAMS);
    return answer;
}

static int check_rows(const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y) {
    UPYML_NEED(x->elements == y->elements, SHAPE);
    if (op->opcode == UPYML_OPCODE_CUMSUM) {
        uint64_t outer = upyml_load32(op->params + UPYML_CUMSUM_OUTER);
        uint64_t count = upyml_load32(op->params + UPYML_CUMSUM_COUNT);
        uint64_t inner = upyml_load32(op->params + UPYML_CUMSUM_INNER);
        UPYML_NEED(outer >= 1 && count >= 1 && inner >= 1
            && outer <= UPYML_MAX_ELEMENTS && count <= UPYML_MAX_ELEMENTS && inner <= UPYML_MAX_ELEMENTS
            && outer * count <= UPYML_MAX_ELEMENTS && outer * count * inner == x->elements,
            SHAPE);
        upyml_cumsum p;
        upyml_read_cumsum(op, x, y, &p);
        UPYML_NEED(upyml_shift_fits(p.shift1) && upyml_shift_fits(p.shift), PARAMS);
        return UPYML_PASSED;
    }
    int32_t count = x->shape[x->rank - 1];
    UPYML_NEED(count == y->shape[y->rank - 1], SHAPE);
    if (op->opcode == UPYML_OPCODE_L2_NORMALIZATION) {
        UPYML_NEED(count <= MOST_SQUARED, SHAPE);
        return UPYML_PASSED;
    }
    UPYML_NEED(count <= UPYML_MAX_CLASSES, SHAPE);
    upyml_log_softmax p;
    upyml_read_log_softmax(op, x, &p);
    UPYML_NEED(p.multiplier >= 0 && p.shift >= 0 && p.shift <= UPYML_MAX_SHIFT && p.diff_min <= 0 && p.diff_min >= -256
        && upyml_shift_fits(p.reverse_shift), PARAMS);
    return UPYML_PASSED;
}

int upyml_check_math(const uint8_t *file, const upyml_op *op, const upyml_tensor *y, uint32_t *scratch) {
    if (op->opcode >= UPYML_OPCODE_BATCH_MATMUL) {
        return upyml_check_attention(file, op, y, scratch);
    }
    int pairwise = upyml_is_pairwise(op->opcode);
    UPYML_NEED(op->input_count == (pairwise ? 2 : 1), ARITY);
    upyml_tensor x, x2;
    upyml_read_link(file, op, 0, &x);
    upyml_read_link(file, op, pairwise ? 1 : 0, &x2);
    UPYML_NEED(x.dtype == UPYML_DTYPE_INT8 && x2.dtype == UPYML_DTYPE_INT8 && y->dtype == UPYML_DTYPE_INT8, DTYPE);
    UPYML_NEED(op->order == UPYML_ORDER_DISJOINT || (pairwise && op->order != UPYML_ORDER_PLANE), ORDER);
    if (pairwise) {
        return check_pairwise(file, op, &x, &x2, y, scratch);
    }
    return op->opcode == UPYML_OPCODE_TRANSPOSE_CONV2D ? check_transpose_conv2d(file, op, &x, y, scratch)
                                                       : check_rows(op, &x, y);
}
