// The check of the ops of the family STREAM; upyml/format/check_stream.py asks the same in the same order.
#include "families.h"

int upyml_check_stream(const uint8_t *file, const upyml_op *op, const upyml_tensor *y, uint32_t *scratch) {
    (void)scratch;  // they need none
    int shift = op->opcode == UPYML_OPCODE_SHIFT;
    UPYML_NEED(op->input_count == (shift ? 1 : 2), ARITY);
    upyml_tensor flag, x;
    upyml_read_link(file, op, 0, &flag);
    upyml_read_link(file, op, op->input_count - 1u, &x);
    UPYML_NEED(x.dtype == y->dtype, DTYPE);
    UPYML_NEED(op->order == UPYML_ORDER_DISJOINT, ORDER);
    UPYML_NEED(y->kind == UPYML_KIND_STATE, SHAPE);
    if (shift) {
        UPYML_NEED(x.elements <= y->elements, SHAPE);
    } else {
        UPYML_NEED(flag.kind == UPYML_KIND_STATE && flag.dtype == UPYML_DTYPE_INT8 && flag.elements == 1, SHAPE);
        UPYML_NEED(x.elements == y->elements, SHAPE);
    }
    return UPYML_PASSED;
}
