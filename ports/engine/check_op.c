// The part of the check that looks at each op; upyml/format/check_ops.py asks the same in the same order.
#include "check_op.h"

#include "families.h"
#include "math/layout_math.h"
#include "recurrent/layout_recurrent.h"
#include "signal/layout_signal.h"
#include "stream/layout_stream.h"
#include "wide/layout_wide.h"

#define OP_CASE(op)         \
    case UPYML_OPCODE_##op: \
        return UPYML_HAS(op);

// Whether this build has the op with this code.
static int op_present(int opcode) {
    switch (opcode) {
        UPYML_EACH_BASE_OP(OP_CASE)
        UPYML_EACH_MATH_OP(OP_CASE)
        UPYML_EACH_RECURRENT_OP(OP_CASE)
        UPYML_EACH_STREAM_OP(OP_CASE)
        UPYML_EACH_SIGNAL_OP(OP_CASE)
        UPYML_EACH_WIDE_OP(OP_CASE)
        default:
            return 0;
    }
}

static int dtypes_fit(const uint8_t *file, const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y) {
    int in = x->dtype, out = y->dtype, code = op->opcode;
    switch (code) {
        case UPYML_OPCODE_QUANTIZE:
            return in == UPYML_DTYPE_FLOAT32 && out <= UPYML_DTYPE_INT16;
        case UPYML_OPCODE_DEQUANTIZE:
            return in <= UPYML_DTYPE_INT16 && out == UPYML_DTYPE_FLOAT32;
        case UPYML_OPCODE_REQUANTIZE:
            return in <= UPYML_DTYPE_INT16 && out <= UPYML_DTYPE_INT16;
        case UPYML_OPCODE_ARGMAX:
            return in == UPYML_DTYPE_INT8 && out == UPYML_DTYPE_INT32;
        case UPYML_OPCODE_PAD:
            return in == out && in <= UPYML_DTYPE_UINT8;
        default:
            break;
    }
    int any = code == UPYML_OPCODE_CONCATENATE || code == UPYML_OPCODE_RESHAPE || code == UPYML_OPCODE_TRANSPOSE
        || code == UPYML_OPCODE_STRIDED_SLICE;
    for (uint32_t place = 0; place <= op->input_count; place++) {
        upyml_tensor tensor;
        upyml_read_link(file, op, place, &tensor);
        if (tensor.dtype != (any ? in : UPYML_DTYPE_INT8)) {
            return 0;
        }
    }
    return 1;
}

static int order_fits(const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y) {
    if (op->order == UPYML_ORDER_DISJOINT) {
        return 1;
    }
    if (op->order == UPYML_ORDER_PLANE) {
        return op->opcode == UPYML_OPCODE_DEPTHWISE_CONV2D
               && upyml_load32(op->params + UPYML_DEPTHWISE_CONV2D_MULTIPLIER) == 1;
    }
    switch (op->opcode) {
        case UPYML_OPCODE_CONV2D:
        case UPYML_OPCODE_DEPTHWISE_CONV2D:
        case UPYML_OPCODE_FULLY_CONNECTED:
        case UPYML_OPCODE_MAX_POOL:
        case UPYML_OPCODE_AVERAGE_POOL:
        case UPYML_OPCODE_ADD:
        case UPYML_OPCODE_SUB:
        case UPYML_OPCODE_MUL:
        case UPYML_OPCODE_RESHAPE:
        case UPYML_OPCODE_TABLE:
            return 1;
        case UPYML_OPCODE_SOFTMAX:
            return op->order == UPYML_ORDER_FORWARD;
        case UPYML_OPCODE_MEAN:
            return op->order == UPYML_ORDER_FORWARD && upyml_load32(op->params + UPYML_MEAN_OUTER) == 1;
        case UPYML_OPCODE_REQUANTIZE:
            return upyml_width(x->dtype) == upyml_width(y->dtype);
        default:
            return 0;
    }
}

// In a fused group all tensors are images, only a convolution may write over its input, and elementwise ops do not
// broadcast.
static int fuses(const upyml_op *op, const upyml_tensor *x, const upyml_tensor *x2, const upyml_tensor *y) {
    int over = op->opcode == UPYML_OPCODE_CONV2D && op->order == UPYML_ORDER_FORWARD;
    if ((op->order != UPYML_ORDER_DISJOINT && !over) || x->rank != 3 || x2->rank != 3 || y->rank != 3) {
        return 0;
    }
    switch (op->opcode) {
        case UPYML_OPCODE_CONV2D:
        case UPYML_OPCODE_DEPTHWISE_CONV2D:
        case UPYML_OPCODE_MAX_POOL:
        case UPYML_OPCODE_AVERAGE_POOL:
            return 1;
        case UPYML_OPCODE_ADD:
        case UPYML_OPCODE_SUB:
        case UPYML_OPCODE_MUL:
            return x->elements == y->elements && x2->elements == y->elements;
        default:
            return 0;
    }
}

// Does the op stand where its `fused` and `strip` say, in a group or in none, and is each ring made in the group?
static int group_fits(const uint8_t *file, uint32_t number, const upyml_op *op, const upyml_tensor *x,
    const upyml_tensor *x2, const upyml_tensor *y, upyml_group *group) {
    if (op->fused) {
        uint32_t ops = upyml_load16(file + UPYML_HEADER_OP_COUNT);
        if (number < group->end || op->fused < 2 || op->fused > UPYML_MAX_FUSED || op->fused > ops - number) {
            return 0;
        }
        group->first = number;
        group->end = number + op->fused;
    }
    int grouped = number < group->end;
    if (grouped ? !op->strip || !fuses(op, x, x2, y) : op->strip || y->ring_rows) {
        return 0;
    }
    for (uint32_t place = 0; place < op->input_count; place++) {
        uint32_t link = upyml_load16(op->links + 2 * place);
        if (upyml_tensor_record(file, link)[UPYML_TENSOR_RING_ROWS]
            && (!grouped || upyml_maker(file, group->first, number, link) < 0)) {
            return 0;
        }
    }
    return 1;
}

static int check_family(const uint8_t *file, int family, const upyml_op *op, const upyml_tensor *y, uint32_t *scratch) {
    int answer = UPYML_ERROR_OPCODE;
    switch (family) {
        case UPYML_FAMILY_MATH:
            UPYML_FOR(MATH, answer = upyml_check_math(file, op, y, scratch));
            break;
        case UPYML_FAMILY_RECURRENT:
            UPYML_FOR(RECURRENT, answer = upyml_check_recurrent(file, op, y, scratch));
            break;
        case UPYML_FAMILY_STREAM:
            UPYML_FOR(STREAM, answer = upyml_check_stream(file, op, y, scratch));
            break;
        case UPYML_FAMILY_SIGNAL:
            UPYML_FOR(SIGNAL, answer = upyml_check_signal(file, op, y, scratch));
            break;
        default:
            UPYML_FOR(WIDE, answer = upyml_check_wide(file, op, y, scratch));
    }
    return answer;
}

static int check(const uint8_t *file, uint32_t number, upyml_op *op, uint32_t *scratch, upyml_group *group) {
    const uint8_t *record = op->params - UPYML_OP_PARAMS;
    UPYML_NEED(op_present(op->opcode), OPCODE);
    UPYML_NEED(op->order < UPYML_ORDER_COUNT, ORDER);
    uint32_t taken = op->input_count, made = record[UPYML_OP_OUTPUT_COUNT];
    UPYML_NEED(upyml_load16(record + UPYML_OP_LINKS) + taken + made <= upyml_header32(file, UPYML_HEADER_LINK_COUNT), ARITY);
    int binary = op->opcode == UPYML_OPCODE_ADD || op->opcode == UPYML_OPCODE_SUB || op->opcode == UPYML_OPCODE_MUL;
    int family = op->opcode >> UPYML_FAMILY_SHIFT;
    UPYML_NEED(made == 1 && taken >= 1, ARITY);
    UPYML_NEED(family || (op->opcode == UPYML_OPCODE_CONCATENATE ? 1 : taken == (binary ? 2u : 1u)), ARITY);
    upyml_tensor x, x2, y;
    upyml_read_link(file, op, 0, &x);
    upyml_read_link(file, op, binary ? 1 : 0, &x2);
    upyml_read_link(file, op, taken, &y);
    UPYML_NEED(op->top <= 2 * UPYML_MAX_ELEMENTS, TOP);
    for (uint32_t place = 0; place <= taken; place++) {
        upyml_tensor tensor;
        upyml_read_link(file, op, place, &tensor);
        UPYML_NEED(tensor.kind != UPYML_KIND_ARENA || tensor.end <= op->top, TOP);
    }
    UPYML_NEED(y.kind != UPYML_KIND_CONSTANT && y.kind != UPYML_KIND_CALLER, TOP);
    UPYML_NEED(family || dtypes_fit(file, op, &x, &y), DTYPE);
    UPYML_NEED(family || order_fits(op, &x, &y), ORDER);
    UPYML_NEED(group_fits(file, number, op, &x, &x2, &y, group), ORDER);
    return family ? check_family(file, family, op, &y, scratch) : upyml_check_params(file, op, &x, &x2, &y, scratch);
}

int32_t upyml_check_op(const uint8_t *file, uint32_t number, upyml_group *group) {
    upyml_op op;
    upyml_read_op(file, number, &op);
    uint32_t scratch = 0;
    int answer = check(file, number, &op, &scratch, group);
    if (answer != UPYML_PASSED) {
        return UPYML_FAILED(answer, number);
    }
    const uint32_t most = INT32_MAX - UPYML_MAX_ELEMENTS;  // no arena is as large, and the state is to be added
    uint32_t need = scratch ? upyml_scratch_offset(&op) + scratch : op.top;
    return (int32_t)(need < most ? need : most);
}
