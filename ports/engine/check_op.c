// The part of the check that looks at each op; upyml/format/check_ops.py asks the same in the same order.
#include "params.h"

#define MAX_SUMMED (1 << 23)  // elements an int32 can add up: 255 * 2^23 < 2^31
#define MAX_CLASSES 4095  // of a softmax: its sum holds that many terms of 2^19
#define MAX_RESIZED 32767  // rows or columns of a bilinear resize

#define NEED(condition, error)          \
    do {                                \
        if (!(condition)) {             \
            return UPYML_ERROR_##error; \
        }                               \
    } while (0)

// The checks below answer UPYML_ERROR_* or PASSED.
enum { PASSED = -1 };

static int shift_fits(int32_t shift) {
    return shift >= -31 && shift <= 30;
}

static uint64_t to_four(uint64_t count) {
    return (count + 3) & ~(uint64_t)3;
}

static int check_weights(const uint8_t *file, uint64_t k, int32_t channels, int per_channel, const uint8_t *places) {
    NEED(k <= UPYML_MAX_ELEMENTS, PARAMS);
    uint64_t four = to_four((uint32_t)channels), count = per_channel ? four : 1;
    uint32_t weights = upyml_load32(places), block = upyml_load32(places + 4);
    NEED(upyml_in_data(file, weights, four * k, UPYML_ALIGN), DATA);
    NEED(upyml_in_data(file, block, 4 * four + 4 * count + to_four(count), 4), DATA);
    const int8_t *shifts = (const int8_t *)file + block + 4 * four + 4 * count;
    for (uint64_t i = 0; i < count; i++) {
        NEED(shift_fits(shifts[i]), PARAMS);
    }
    return PASSED;
}

static int check_window(const uint8_t *file, const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y,
    uint32_t *scratch) {
    NEED(x->rank <= 3 && y->rank <= 3, SHAPE);
    upyml_window p;
    upyml_read_window(file, op, x, y, &p);
    int64_t reach_h = (int64_t)(p.kernel_h - 1) * p.dilation_h + 1, reach_w = (int64_t)(p.kernel_w - 1) * p.dilation_w + 1;
    NEED(p.kernel_h && p.kernel_w && p.stride_h && p.stride_w && p.dilation_h && p.dilation_w
        && reach_h <= 65536 && reach_w <= 65536
        && p.pad_top < reach_h && p.pad_left < reach_w
        && (int64_t)(p.out_h - 1) * p.stride_h < (int64_t)p.in_h + p.pad_top
        && (int64_t)(p.out_w - 1) * p.stride_w < (int64_t)p.in_w + p.pad_left
        && p.clamp_min <= p.clamp_max,
        PARAMS);
    int answer = PASSED;
    if (op->opcode == UPYML_OPCODE_CONV2D) {
        uint64_t row = to_four((uint64_t)p.kernel_w * (uint32_t)p.in_c);
        answer = check_weights(file, (uint64_t)p.kernel_h * row, p.out_c, 1, op->params + UPYML_CONV2D_WEIGHTS);
        *scratch = (uint32_t)upyml_conv2d_s8_scratch_size(&p);
    } else if (op->opcode == UPYML_OPCODE_DEPTHWISE_CONV2D) {
        NEED(p.multiplier >= 1 && (int64_t)p.in_c * p.multiplier == p.out_c, SHAPE);
        uint64_t k = to_four((uint64_t)p.kernel_h * (uint32_t)p.kernel_w);
        answer = check_weights(file, k, p.out_c, 1, op->params + UPYML_CONV2D_WEIGHTS);
        *scratch = (uint32_t)upyml_depthwise_conv2d_s8_scratch_size(&p);
    } else {
        NEED(p.dilation_h == 1 && p.dilation_w == 1 && (int64_t)p.kernel_h * p.kernel_w <= MAX_SUMMED, PARAMS);
        NEED(p.in_c == p.out_c, SHAPE);
        *scratch = (uint32_t)upyml_pool_s8_scratch_size(&p);
    }
    return answer;
}

static int check_fully_connected(const uint8_t *file, const upyml_op *op, const upyml_tensor *x,
    const upyml_tensor *y, uint32_t *scratch) {
    upyml_fully_connected p;
    upyml_read_fully_connected(file, op, x, y, &p);
    NEED(x->elements % (uint32_t)p.rows == 0, SHAPE);
    NEED(p.per_channel <= 1 && p.clamp_min <= p.clamp_max, PARAMS);
    int answer = check_weights(file, to_four((uint32_t)p.in_c), p.out_c, p.per_channel,
        op->params + UPYML_FULLY_CONNECTED_WEIGHTS);
    *scratch = (uint32_t)upyml_fully_connected_s8_scratch_size(&p);
    return answer;
}

static int check_axis(const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y) {
    uint64_t outer = upyml_load32(op->params + UPYML_ARGMAX_OUTER);
    uint64_t count = upyml_load32(op->params + UPYML_ARGMAX_COUNT);
    uint64_t inner = upyml_load32(op->params + UPYML_ARGMAX_INNER);
    NEED(outer >= 1 && count >= 1 && inner >= 1
        && outer <= UPYML_MAX_ELEMENTS && count <= UPYML_MAX_ELEMENTS && inner <= UPYML_MAX_ELEMENTS
        && outer * inner == y->elements && outer * inner * count == x->elements,
        SHAPE);
    if (op->opcode == UPYML_OPCODE_MEAN) {
        upyml_axis p;
        upyml_read_mean(op, x, y, &p);
        NEED(count <= MAX_SUMMED && shift_fits(p.shift) && p.clamp_min <= p.clamp_max, PARAMS);
    }
    return PASSED;
}

static int broadcasts(const upyml_tensor *x, const upyml_tensor *y) {
    if (x->rank > y->rank) {
        return 0;
    }
    for (int axis = 0; axis < x->rank; axis++) {
        if (x->shape[axis] != 1 && x->shape[axis] != y->shape[y->rank - x->rank + axis]) {
            return 0;
        }
    }
    return 1;
}

static int check_binary(const upyml_op *op, const upyml_tensor *x1, const upyml_tensor *x2, const upyml_tensor *y) {
    NEED(broadcasts(x1, y) && broadcasts(x2, y), SHAPE);
    upyml_binary p;
    upyml_read_binary(op, x1, x2, y, &p);
    NEED(shift_fits(p.shift) && p.clamp_min <= p.clamp_max, PARAMS);
    NEED(shift_fits(p.shift1) && shift_fits(p.shift2) && p.left_shift >= 0 && p.left_shift <= 20, PARAMS);
    return PASSED;
}

static int check_concatenate(const uint8_t *file, const upyml_op *op, const upyml_tensor *y) {
    uint32_t axis = upyml_load32(op->params + UPYML_CONCATENATE_AXIS);
    uint64_t total = 0;
    NEED(axis < y->rank, PARAMS);
    for (uint32_t place = 0; place < op->input_count; place++) {
        upyml_tensor x;
        upyml_read_link(file, op, place, &x);
        NEED(x.rank == y->rank, SHAPE);
        for (uint32_t other = 0; other < UPYML_MAX_RANK; other++) {
            NEED(other == axis || x.shape[other] == y->shape[other], SHAPE);
        }
        total += (uint32_t)x.shape[axis];
    }
    NEED(total == (uint32_t)y->shape[axis], SHAPE);
    return PASSED;
}

static int check_pad(const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y) {
    NEED(x->rank == y->rank, SHAPE);
    for (int axis = 0; axis < UPYML_MAX_RANK; axis++) {
        uint32_t before = upyml_load32(op->params + UPYML_PAD_BEFORE + 4 * axis), count = (uint32_t)y->shape[axis];
        NEED(before <= count && before + (uint32_t)x->shape[axis] <= count, SHAPE);
    }
    int32_t value = upyml_load_int32(op->params + UPYML_PAD_VALUE);
    NEED(x->dtype == UPYML_DTYPE_INT8 ? value >= -128 && value <= 127 : value >= 0 && value <= 255, PARAMS);
    return PASSED;
}

static int check_transpose(const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y) {
    NEED(x->rank == y->rank, SHAPE);
    uint32_t seen = 0;
    for (int axis = 0; axis < UPYML_MAX_RANK; axis++) {
        int source = op->params[UPYML_TRANSPOSE_PERMUTATION + axis];
        NEED(source < UPYML_MAX_RANK && (axis < x->rank || source == axis), PARAMS);
        seen |= 1u << source;
        NEED(y->shape[axis] == x->shape[source], SHAPE);
    }
    NEED(seen == 15, PARAMS);
    return PASSED;
}

static int check_strided_slice(const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y) {
    NEED(x->rank == y->rank, SHAPE);
    for (int axis = 0; axis < UPYML_MAX_RANK; axis++) {
        int64_t first = upyml_load_int32(op->params + UPYML_STRIDED_SLICE_BEGIN + 4 * axis);
        int64_t stride = upyml_load_int32(op->params + UPYML_STRIDED_SLICE_STRIDE + 4 * axis);
        int64_t count = x->shape[axis], last = first + (y->shape[axis] - 1) * stride;
        NEED(stride != 0 && first >= 0 && first < count && last >= 0 && last < count, PARAMS);
    }
    return PASSED;
}

static int check_same_size(const uint8_t *file, const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y) {
    NEED(x->elements == y->elements, SHAPE);
    if (op->opcode == UPYML_OPCODE_REQUANTIZE) {
        NEED(shift_fits(upyml_load_int32(op->params + UPYML_REQUANTIZE_SHIFT)), PARAMS);
    } else if (op->opcode == UPYML_OPCODE_TABLE) {
        NEED(upyml_in_data(file, upyml_load32(op->params + UPYML_TABLE_TABLE), 256, 1), DATA);
    } else if (op->opcode == UPYML_OPCODE_SOFTMAX) {
        upyml_softmax p;
        upyml_read_softmax(op, x, &p);
        NEED(p.classes <= MAX_CLASSES && p.classes == y->shape[y->rank - 1], SHAPE);
        NEED(p.multiplier >= 0 && p.shift >= 0 && p.shift <= 30 && p.diff_min <= 0, PARAMS);
    }
    return PASSED;
}

static int check_indices(const uint8_t *file, uint32_t offset, int32_t count, int32_t limit) {
    NEED(upyml_in_data(file, offset, 2 * (uint64_t)count, 2), DATA);
    for (int32_t i = 0; i < count; i++) {
        NEED((int32_t)upyml_load16(file + offset + 2 * (uint32_t)i) < limit, PARAMS);
    }
    return PASSED;
}

static int check_resize(const uint8_t *file, const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y) {
    NEED(x->rank <= 3 && y->rank <= 3, SHAPE);
    int32_t in_h, in_w, in_c, out_h, out_w, out_c;
    upyml_image(x, &in_h, &in_w, &in_c);
    upyml_image(y, &out_h, &out_w, &out_c);
    NEED(in_c == out_c, SHAPE);
    if (op->opcode == UPYML_OPCODE_RESIZE_BILINEAR) {
        NEED(in_h <= MAX_RESIZED && in_w <= MAX_RESIZED && out_h <= MAX_RESIZED && out_w <= MAX_RESIZED, SHAPE);
        NEED(op->params[UPYML_RESIZE_BILINEAR_ALIGN_CORNERS] + op->params[UPYML_RESIZE_BILINEAR_HALF_PIXEL_CENTERS] <= 1,
            PARAMS);
        return PASSED;
    }
    int answer = check_indices(file, upyml_load32(op->params + UPYML_RESIZE_NEAREST_ROWS), out_h, in_h);
    return answer != PASSED ? answer
        : check_indices(file, upyml_load32(op->params + UPYML_RESIZE_NEAREST_COLUMNS), out_w, in_w);
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
        case UPYML_OPCODE_SOFTMAX:
            return 1;
        case UPYML_OPCODE_MEAN:
            return op->order == UPYML_ORDER_FORWARD && upyml_load32(op->params + UPYML_MEAN_OUTER) == 1;
        case UPYML_OPCODE_REQUANTIZE:
            return upyml_width(x->dtype) == upyml_width(y->dtype);
        default:
            return 0;
    }
}

static int check(const uint8_t *file, const uint8_t *record, upyml_op *op, uint32_t *scratch) {
    NEED(op->opcode < UPYML_OPCODE_COUNT, OPCODE);
    NEED(upyml_load16(record + UPYML_OP_FLAGS) == 0 && op->order < UPYML_ORDER_COUNT, ORDER);
    uint32_t taken = op->input_count, made = record[UPYML_OP_OUTPUT_COUNT];
    NEED(upyml_load16(record + UPYML_OP_LINKS) + taken + made <= upyml_header32(file, UPYML_HEADER_LINK_COUNT), LINK);
    int binary = op->opcode == UPYML_OPCODE_ADD || op->opcode == UPYML_OPCODE_SUB || op->opcode == UPYML_OPCODE_MUL;
    NEED(made == 1 && (op->opcode == UPYML_OPCODE_CONCATENATE ? taken >= 1 : taken == (binary ? 2u : 1u)), ARITY);
    upyml_tensor x, x2, y;
    upyml_read_link(file, op, 0, &x);
    upyml_read_link(file, op, binary ? 1 : 0, &x2);
    upyml_read_link(file, op, taken, &y);
    NEED(op->top <= 2 * UPYML_MAX_ELEMENTS, TOP);
    for (uint32_t place = 0; place <= taken; place++) {
        upyml_tensor tensor;
        upyml_read_link(file, op, place, &tensor);
        NEED(tensor.kind != UPYML_KIND_ARENA || tensor.end <= op->top, TOP);
    }
    NEED(y.kind != UPYML_KIND_CONSTANT, TOP);
    NEED(dtypes_fit(file, op, &x, &y), DTYPE);
    NEED(order_fits(op, &x, &y), ORDER);
    switch (op->opcode) {
        case UPYML_OPCODE_CONV2D:
        case UPYML_OPCODE_DEPTHWISE_CONV2D:
        case UPYML_OPCODE_MAX_POOL:
        case UPYML_OPCODE_AVERAGE_POOL:
            return check_window(file, op, &x, &y, scratch);
        case UPYML_OPCODE_FULLY_CONNECTED:
            return check_fully_connected(file, op, &x, &y, scratch);
        case UPYML_OPCODE_MEAN:
        case UPYML_OPCODE_ARGMAX:
            return check_axis(op, &x, &y);
        case UPYML_OPCODE_ADD:
        case UPYML_OPCODE_SUB:
        case UPYML_OPCODE_MUL:
            return check_binary(op, &x, &x2, &y);
        case UPYML_OPCODE_CONCATENATE:
            return check_concatenate(file, op, &y);
        case UPYML_OPCODE_PAD:
            return check_pad(op, &x, &y);
        case UPYML_OPCODE_TRANSPOSE:
            return check_transpose(op, &x, &y);
        case UPYML_OPCODE_STRIDED_SLICE:
            return check_strided_slice(op, &x, &y);
        case UPYML_OPCODE_RESIZE_NEAREST:
        case UPYML_OPCODE_RESIZE_BILINEAR:
            return check_resize(file, op, &x, &y);
        default:
            return check_same_size(file, op, &x, &y);
    }
}

int32_t upyml_check_op(const uint8_t *file, uint32_t number) {
    upyml_op op;
    upyml_read_op(file, number, &op);
    uint32_t scratch = 0;
    int answer = check(file, op.params - UPYML_OP_PARAMS, &op, &scratch);
    return answer == PASSED ? (int32_t)(op.top + scratch) : UPYML_FAILED(answer, number);
}
