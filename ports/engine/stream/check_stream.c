// The check of the ops of the family STREAM; upyml/format/check_stream.py asks the same in the same order.
#include "families.h"
#include "layout_stream.h"

static int check_svdf(const uint8_t *file, const upyml_op *op, const upyml_tensor *y) {
    upyml_tensor x, state, feature, time, bias;
    UPYML_NEED(op->input_count == 5, ARITY);
    upyml_read_link(file, op, 0, &x);
    upyml_read_link(file, op, 1, &state);
    upyml_read_link(file, op, 2, &feature);
    upyml_read_link(file, op, 3, &time);
    upyml_read_link(file, op, 4, &bias);
    UPYML_NEED(x.dtype == UPYML_DTYPE_INT8 && feature.dtype == UPYML_DTYPE_INT8 && y->dtype == UPYML_DTYPE_INT8
        && (state.dtype == UPYML_DTYPE_INT8 || state.dtype == UPYML_DTYPE_INT16), DTYPE);
    UPYML_NEED(time.dtype == state.dtype && bias.dtype == UPYML_DTYPE_INT32, DTYPE);
    UPYML_NEED(op->order == UPYML_ORDER_DISJOINT, ORDER);
    uint64_t filters = (uint64_t)y->elements * upyml_load16(op->params + UPYML_SVDF_RANK);
    UPYML_NEED(state.kind == UPYML_KIND_STATE && y->kind == UPYML_KIND_ARENA && filters > 0, SHAPE);
    UPYML_NEED(feature.elements == filters * x.elements && bias.elements == y->elements, SHAPE);
    UPYML_NEED(state.elements == time.elements && filters <= state.elements
        && state.elements % (uint32_t)filters == 0, SHAPE);
    UPYML_NEED(upyml_shift_fits((int8_t)op->params[UPYML_SVDF_SHIFT1])
        && upyml_shift_fits((int8_t)op->params[UPYML_SVDF_SHIFT2]), PARAMS);
    return UPYML_PASSED;
}

int upyml_check_stream(const uint8_t *file, const upyml_op *op, const upyml_tensor *y, uint32_t *scratch) {
    (void)scratch;  // they need none
    if (op->opcode == UPYML_OPCODE_SVDF) {
        return check_svdf(file, op, y);
    }
    int shift = op->opcode == UPYML_OPCODE_SHIFT;
    UPYML_NEED(op->input_count == (shift ? 1 : 2), ARITY);
    upyml_tensor flag, x;
    upyml_read_link(file, op, 0, &flag);
    upyml_read_link(file, op, op->input_count - 1u, &x);
    UPYML_NEED(x.dtype == y->dtype && (shift || flag.dtype == UPYML_DTYPE_INT8), DTYPE);
    UPYML_NEED(op->order == UPYML_ORDER_DISJOINT, ORDER);
    UPYML_NEED(y->kind == UPYML_KIND_STATE, SHAPE);
    if (shift) {
        UPYML_NEED(x.elements <= y->elements, SHAPE);
    } else {
        UPYML_NEED(flag.kind == UPYML_KIND_STATE && flag.elements == 1, SHAPE);
        UPYML_NEED(x.elements == y->elements, SHAPE);
    }
    return UPYML_PASSED;
}
