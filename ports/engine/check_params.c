// The part of the check that looks at each op's own fields; upyml/format/check_params.py asks the same in the same order.
#include "check_op.h"
#include "ops.h"

int upyml_check_window(const upyml_window *p) {
    int64_t reach_h = (int64_t)(p->kernel_h - 1) * p->dilation_h + 1;
    int64_t reach_w = (int64_t)(p->kernel_w - 1) * p->dilation_w + 1;
    UPYML_NEED(p->kernel_h && p->kernel_w && p->stride_h && p->stride_w && p->dilation_h && p->dilation_w
        && reach_h <= UPYML_MAX_REACH && reach_w <= UPYML_MAX_REACH
        && p->pad_top < reach_h && p->pad_left < reach_w
        && (int64_t)(p->out_h - 1) * p->stride_h < (int64_t)p->in_h + p->pad_top
        && (int64_t)(p->out_w - 1) * p->stride_w < (int64_t)p->in_w + p->pad_left
        && p->clamp_min <= p->clamp_max,
        PARAMS);
    return UPYML_PASSED;
}

static int check_window(const uint8_t *file, const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y,
    uint32_t *scratch) {
    UPYML_NEED(x->rank <= 3 && y->rank <= 3, SHAPE);
    upyml_window p;
    upyml_read_window(file, op, x, y, &p);
    int shape = upyml_check_window(&p);
    if (shape != UPYML_PASSED) {
        return shape;
    }
    int coding = op->params[UPYML_CONV2D_CODING], conv2d = op->opcode == UPYML_OPCODE_CONV2D;
    UPYML_NEED(conv2d || coding == UPYML_CODING_INT8, PARAMS);
    if (op->opcode > UPYML_OPCODE_DEPTHWISE_CONV2D) {
        UPYML_NEED(p.dilation_h == 1 && p.dilation_w == 1 && (int64_t)p.kernel_h * p.kernel_w <= UPYML_MAX_SUMMED, PARAMS);
        UPYML_NEED(p.in_c == p.out_c, SHAPE);
        if (UPYML_HAS(MAX_POOL) || UPYML_HAS(AVERAGE_POOL)) {
            *scratch = (uint32_t)upyml_pool_s8_scratch_size(&p);
        }
        return UPYML_PASSED;
    }
    UPYML_NEED(conv2d || (p.multiplier >= 1 && (int64_t)p.in_c * p.multiplier == p.out_c), SHAPE);
    upyml_weights w = {
        .coding = coding, .per_channel = 1, .channels = (uint32_t)p.out_c, .pairs = (uint32_t)p.pairs,
        .rows = (uint32_t)(conv2d ? p.kernel_h : 1), .run = (uint64_t)p.kernel_w * (uint32_t)(conv2d ? p.in_c : p.kernel_h),
        .fields = op->params + UPYML_CONV2D_WEIGHTS,
    };
    int answer = upyml_check_weights(file, &w);
    if (answer == UPYML_PASSED && conv2d) {
        UPYML_FOR(CONV2D, *scratch = (uint32_t)upyml_conv2d_s8_scratch_size(&p, 1));
    } else if (answer == UPYML_PASSED) {
        UPYML_FOR(DEPTHWISE_CONV2D, *scratch = (uint32_t)upyml_depthwise_conv2d_s8_scratch_size(&p, 1));
    }
    return answer;
}

static int check_fully_connected(const uint8_t *file, const upyml_op *op, const upyml_tensor *x,
    const upyml_tensor *y, uint32_t *scratch) {
    upyml_fully_connected p;
    upyml_read_fully_connected(file, op, x, y, &p);
    UPYML_NEED(x->elements % (uint32_t)p.rows == 0, SHAPE);
    UPYML_NEED(p.per_channel <= 1 && p.clamp_min <= p.clamp_max, PARAMS);
    upyml_weights w = {
        .coding = op->params[UPYML_FULLY_CONNECTED_CODING], .per_channel = p.per_channel, .rows = 1,
        .run = (uint32_t)p.in_c, .channels = (uint32_t)p.out_c, .pairs = (uint32_t)p.pairs,
        .fields = op->params + UPYML_FULLY_CONNECTED_WEIGHTS,
    };
    int answer = upyml_check_weights(file, &w);
    if (answer == UPYML_PASSED) {
        UPYML_FOR(FULLY_CONNECTED, *scratch = (uint32_t)upyml_fully_connected_s8_scratch_size(&p));
    }
    return answer;
}

int upyml_check_axis(const upyml_axis *p, const upyml_tensor *x, const upyml_tensor *y) {
    uint64_t outer = (uint32_t)p->outer, count = (uint32_t)p->count, inner = (uint32_t)p->inner;
    UPYML_NEED(outer >= 1 && count >= 1 && inner >= 1
        && outer <= UPYML_MAX_ELEMENTS && count <= UPYML_MAX_ELEMENTS && inner <= UPYML_MAX_ELEMENTS
        && outer * inner == y->elements && outer * inner * count == x->elements,
        SHAPE);
    return UPYML_PASSED;
}

static int check_axis(const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y) {
    upyml_axis p;
    upyml_read_argmax(op, &p);
    int answer = upyml_check_axis(&p, x, y);
    if (answer == UPYML_PASSED && op->opcode == UPYML_OPCODE_MEAN) {
        upyml_read_mean(op, x, y, &p);
        UPYML_NEED(p.count <= UPYML_MAX_SUMMED && upyml_shift_fits(p.shift) && p.clamp_min <= p.clamp_max, PARAMS);
    }
    return answer;
}

int upyml_check_broadcast(const upyml_tensor *x, const upyml_tensor *y) {
    UPYML_NEED(x->rank <= y->rank, SHAPE);
    for (int axis = 0; axis < x->rank; axis++) {
        UPYML_NEED(x->shape[axis] == 1 || x->shape[axis] == y->shape[y->rank - x->rank + axis], SHAPE);
    }
    return UPYML_PASSED;
}

static int check_binary(const upyml_op *op, const upyml_tensor *x1, const upyml_tensor *x2, const upyml_tensor *y) {
    UPYML_NEED(upyml_check_broadcast(x1, y) == UPYML_PASSED && upyml_check_broadcast(x2, y) == UPYML_PASSED, SHAPE);
    upyml_binary p;
    upyml_read_binary(op, x1, x2, y, &p);
    UPYML_NEED(upyml_shift_fits(p.shift) && p.clamp_min <= p.clamp_max, PARAMS);
    UPYML_NEED(upyml_shift_fits(p.shift1) && upyml_shift_fits(p.shift2) && p.left_shift >= 0 && p.left_shift <= UPYML_MAX_LEFT_SHIFT, PARAMS);
    return UPYML_PASSED;
}

static int check_concatenate(const uint8_t *file, const upyml_op *op, const upyml_tensor *y) {
    uint32_t axis = upyml_load32(op->params + UPYML_CONCATENATE_AXIS);
    uint64_t total = 0;
    UPYML_NEED(axis < y->rank, PARAMS);
    for (uint32_t place = 0; place < op->input_count; place++) {
        upyml_tensor x;
        upyml_read_link(file, op, place, &x);
        UPYML_NEED(x.rank == y->rank, SHAPE);
        for (uint32_t other = 0; other < UPYML_MAX_RANK; other++) {
            UPYML_NEED(other == axis || x.shape[other] == y->shape[other], SHAPE);
        }
        total += (uint32_t)x.shape[axis];
    }
    UPYML_NEED(total == (uint32_t)y->shape[axis], SHAPE);
    return UPYML_PASSED;
}

int upyml_check_pad(const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y) {
    UPYML_NEED(x->rank == y->rank, SHAPE);
    for (int axis = 0; axis < UPYML_MAX_RANK; axis++) {
        uint32_t before = upyml_load32(op->params + UPYML_PAD_BEFORE + 4 * axis), count = (uint32_t)y->shape[axis];
        UPYML_NEED(before <= count && before + (uint32_t)x->shape[axis] <= count, SHAPE);
    }
    return UPYML_PASSED;
}

static int check_pad(const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y) {
    int answer = upyml_check_pad(op, x, y);
    if (answer != UPYML_PASSED) {
        return answer;
    }
    int32_t value = upyml_load_int32(op->params + UPYML_PAD_VALUE);
    UPYML_NEED(x->dtype == UPYML_DTYPE_INT8 ? value >= -128 && value <= 127 : value >= 0 && value <= 255, PARAMS);
    return UPYML_PASSED;
}

static int check_transpose(const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y) {
    UPYML_NEED(x->rank == y->rank, SHAPE);
    uint32_t seen = 0;
    for (int axis = 0; axis < UPYML_MAX_RANK; axis++) {
        int source = op->params[UPYML_TRANSPOSE_PERMUTATION + axis];
        UPYML_NEED(source < UPYML_MAX_RANK && (axis < x->rank || source == axis), PARAMS);
        seen |= 1u << source;
        UPYML_NEED(y->shape[axis] == x->shape[source], SHAPE);
    }
    UPYML_NEED(seen == 15, PARAMS);
    return UPYML_PASSED;
}

static int check_strided_slice(const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y) {
    UPYML_NEED(x->rank == y->rank, SHAPE);
    for (int axis = 0; axis < UPYML_MAX_RANK; axis++) {
        int64_t first = upyml_load_int32(op->params + UPYML_STRIDED_SLICE_BEGIN + 4 * axis);
        int64_t stride = upyml_load_int32(op->params + UPYML_STRIDED_SLICE_STRIDE + 4 * axis);
        int64_t count = x->shape[axis], last = first + (y->shape[axis] - 1) * stride;
        UPYML_NEED(stride != 0 && first >= 0 && first < count && last >= 0 && last < count, PARAMS);
    }
    return UPYML_PASSED;
}

static int check_same_size(const uint8_t *file, const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y) {
    UPYML_NEED(x->elements == y->elements, SHAPE);
    if (op->opcode == UPYML_OPCODE_REQUANTIZE) {
        UPYML_NEED(upyml_shift_fits(upyml_load_int32(op->params + UPYML_REQUANTIZE_SHIFT)), PARAMS);
    } else if (op->opcode == UPYML_OPCODE_TABLE) {
        UPYML_NEED(upyml_in_data(file, upyml_load32(op->params + UPYML_TABLE_TABLE), 256, 1), DATA);
    } else if (op->opcode == UPYML_OPCODE_SOFTMAX) {
        upyml_softmax p;
        upyml_read_softmax(op, x, &p);
        UPYML_NEED(p.classes <= UPYML_MAX_CLASSES && p.classes == y->shape[y->rank - 1], SHAPE);
        UPYML_NEED(p.multiplier >= 0 && p.shift >= 0 && p.shift <= UPYML_MAX_SHIFT && p.diff_min <= 0, PARAMS);
    }
    return UPYML_PASSED;
}

static int check_indices(const uint8_t *file, uint32_t offset, int32_t count, int32_t limit) {
    UPYML_NEED(upyml_in_data(file, offset, 2 * (uint64_t)count, 2), DATA);
    for (int32_t i = 0; i < count; i++) {
        UPYML_NEED((int32_t)upyml_load16(file + offset + 2 * (uint32_t)i) < limit, PARAMS);
    }
    return UPYML_PASSED;
}

static int check_resize(const uint8_t *file, const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y) {
    UPYML_NEED(x->rank <= 3 && y->rank <= 3, SHAPE);
    int32_t in_h, in_w, in_c, out_h, out_w, out_c;
    upyml_image(x, &in_h, &in_w, &in_c);
    upyml_image(y, &out_h, &out_w, &out_c);
    UPYML_NEED(in_c == out_c, SHAPE);
    if (op->opcode == UPYML_OPCODE_RESIZE_BILINEAR) {
        UPYML_NEED(in_h <= UPYML_MAX_RESIZED && in_w <= UPYML_MAX_RESIZED && out_h <= UPYML_MAX_RESIZED && out_w <= UPYML_MAX_RESIZED, SHAPE);
        UPYML_NEED(op->params[UPYML_RESIZE_BILINEAR_ALIGN_CORNERS] + op->params[UPYML_RESIZE_BILINEAR_HALF_PIXEL_CENTERS] <= 1,
            PARAMS);
        return UPYML_PASSED;
    }
    int answer = check_indices(file, upyml_load32(op->params + UPYML_RESIZE_NEAREST_ROWS), out_h, in_h);
    return answer != UPYML_PASSED ? answer
        : check_indices(file, upyml_load32(op->params + UPYML_RESIZE_NEAREST_COLUMNS), out_w, in_w);
}

int upyml_check_params(const uint8_t *file, const upyml_op *op, const upyml_tensor *x, const upyml_tensor *x2,
    const upyml_tensor *y, uint32_t *scratch) {
    switch (op->opcode) {
        case UPYML_OPCODE_CONV2D:
        case UPYML_OPCODE_DEPTHWISE_CONV2D:
        case UPYML_OPCODE_MAX_POOL:
        case UPYML_OPCODE_AVERAGE_POOL:
            return check_window(file, op, x, y, scratch);
        case UPYML_OPCODE_FULLY_CONNECTED:
            return check_fully_connected(file, op, x, y, scratch);
        case UPYML_OPCODE_MEAN:
        case UPYML_OPCODE_ARGMAX:
            return check_axis(op, x, y);
        case UPYML_OPCODE_ADD:
        case UPYML_OPCODE_SUB:
        case UPYML_OPCODE_MUL:
            return check_binary(op, x, x2, y);
        case UPYML_OPCODE_CONCATENATE:
            return check_concatenate(file, op, y);
        case UPYML_OPCODE_PAD:
            return check_pad(op, x, y);
        case UPYML_OPCODE_TRANSPOSE:
            return check_transpose(op, x, y);
        case UPYML_OPCODE_STRIDED_SLICE:
            return check_strided_slice(op, x, y);
        case UPYML_OPCODE_RESIZE_NEAREST:
        case UPYML_OPCODE_RESIZE_BILINEAR:
            return check_resize(file, op, x, y);
        default:
            return check_same_size(file, op, x, y);
    }
}
