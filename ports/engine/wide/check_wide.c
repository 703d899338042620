// The check of the ops of the family WIDE; upyml/format/check_wide.py asks the same in the same order.
#include "../families.h"
#include "../recurrent/layout_recurrent.h"
#include "params_wide.h"

enum {
    MAX_SHIFT_64 = 7,  // of a multiplier of sums of 64 bits
    MAX_PLACES = 65535,  // of a pool's window
    MAX_CLASSES = 65535,  // of a softmax: their sum has 31 bits
    TABLE_BYTES = 2 * 513,
};

static int is_binary(int opcode) {
    return (opcode >= UPYML_OPCODE_ADD_16 && opcode <= UPYML_OPCODE_MUL_16) || opcode == UPYML_OPCODE_MAXIMUM_16
        || opcode == UPYML_OPCODE_MINIMUM_16;
}

int upyml_check_weights_16(const uint8_t *file, const uint8_t *fields, uint32_t rows, uint64_t run, uint32_t channels,
    int per_channel, int accumulator) {
    UPYML_NEED(accumulator <= UPYML_WIDE_INT32, PARAMS);
    UPYML_NEED(run <= UPYML_MAX_ELEMENTS, PARAMS);
    uint64_t k = (uint64_t)rows * (((uint32_t)run + 3) & ~3u);
    UPYML_NEED(k <= UPYML_MAX_ELEMENTS, PARAMS);
    uint32_t four = (channels + 3) & ~3u, scales = per_channel ? four : 1;
    UPYML_NEED(upyml_in_data(file, upyml_load32(fields), four * k, UPYML_ALIGN), DATA);
    uint32_t block = upyml_load32(fields + 4), shifts = 8 * four + 4 * scales;
    UPYML_NEED(upyml_in_data(file, block, (uint64_t)shifts + ((scales + 3) & ~3u), 4), DATA);
    int most = accumulator == UPYML_WIDE_INT32 ? UPYML_MAX_SHIFT : MAX_SHIFT_64;
    for (uint32_t i = 0; i < scales; i++) {
        int shift = (int8_t)file[block + shifts + i];
        UPYML_NEED(shift >= UPYML_MIN_SHIFT && shift <= most, PARAMS);
    }
    return UPYML_PASSED;
}

static int check_window(const uint8_t *file, const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y) {
    upyml_window p;
    upyml_read_window_16(file, op, x, y, &p);
    UPYML_NEED(p.clamp_min <= p.clamp_max, PARAMS);
    UPYML_NEED(x->rank <= 3 && y->rank <= 3, SHAPE);
    int answer = upyml_check_window(&p);
    if (answer != UPYML_PASSED) {
        return answer;
    }
    const uint8_t *fields = op->params + UPYML_CONV2D_16_WEIGHTS;
    if (op->opcode == UPYML_OPCODE_CONV2D_16) {
        return upyml_check_weights_16(file, fields, (uint32_t)p.kernel_h, (uint64_t)p.kernel_w * (uint32_t)p.in_c,
            (uint32_t)p.out_c, 1, upyml_accumulator_16(op));
    }
    if (op->opcode == UPYML_OPCODE_DEPTHWISE_CONV2D_16) {
        UPYML_NEED(p.multiplier >= 1 && (int64_t)p.in_c * p.multiplier == p.out_c, SHAPE);
        return upyml_check_weights_16(file, fields, 1, (uint64_t)p.kernel_h * (uint32_t)p.kernel_w, (uint32_t)p.out_c, 1,
            upyml_accumulator_16(op));
    }
    UPYML_NEED(p.dilation_h == 1 && p.dilation_w == 1 && (int64_t)p.kernel_h * p.kernel_w <= MAX_PLACES, PARAMS);
    UPYML_NEED(p.in_c == p.out_c, SHAPE);
    return UPYML_PASSED;
}

static int check_fully_connected(const uint8_t *file, const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y) {
    upyml_fully_connected p;
    upyml_read_fully_connected_16(file, op, x, y, &p);
    UPYML_NEED(p.clamp_min <= p.clamp_max, PARAMS);
    UPYML_NEED(x->elements % (uint32_t)p.rows == 0, SHAPE);
    UPYML_NEED(p.per_channel <= 1, PARAMS);
    return upyml_check_weights_16(file, op->params + UPYML_FULLY_CONNECTED_16_WEIGHTS, 1, (uint32_t)p.in_c, (uint32_t)p.out_c,
        p.per_channel, upyml_accumulator_16(op));
}

static int check_binary(const uint8_t *file, const upyml_op *op, const upyml_tensor *x1, const upyml_tensor *y) {
    upyml_tensor x2;
    upyml_read_link(file, op, 1, &x2);
    upyml_binary p;
    upyml_read_binary_16(op, x1, &x2, y, &p);
    UPYML_NEED(p.clamp_min <= p.clamp_max, PARAMS);
    UPYML_NEED(upyml_check_broadcast(x1, y) == UPYML_PASSED && upyml_check_broadcast(&x2, y) == UPYML_PASSED, SHAPE);
    UPYML_NEED(upyml_shift_fits(p.shift), PARAMS);
    UPYML_NEED(upyml_shift_fits(p.shift1) && upyml_shift_fits(p.shift2) && p.left_shift >= 0
        && p.left_shift <= UPYML_MAX_LEFT_SHIFT, PARAMS);
    return UPYML_PASSED;
}

static int check_mean(const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y) {
    upyml_axis p;
    upyml_read_argmax(op, &p);
    int answer = upyml_check_axis(&p, x, y);
    UPYML_NEED(answer != UPYML_PASSED || (p.count <= MAX_PLACES && upyml_shift_fits((int8_t)op->params[UPYML_MEAN_16_SHIFT])),
        PARAMS);
    return answer;
}

static int check_pad(const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y) {
    int answer = upyml_check_pad(op, x, y);
    int32_t value = upyml_load_int32(op->params + UPYML_PAD_16_VALUE);
    UPYML_NEED(answer != UPYML_PASSED || (value >= INT16_MIN && value <= INT16_MAX), PARAMS);
    return answer;
}

static int check_table(const uint8_t *file, const uint8_t *field, uint32_t bytes) {
    UPYML_NEED(upyml_in_data(file, upyml_load32(field), bytes, 2), DATA);
    return UPYML_PASSED;
}

static int check_sigmoid(const uint8_t *file, const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y) {
    const uint8_t *params = op->params;
    UPYML_NEED(x->elements == y->elements, SHAPE);
    UPYML_NEED(upyml_load32(params + UPYML_SIGMOID_16_MULTIPLIER) <= INT16_MAX && params[UPYML_SIGMOID_16_SHIFT] <= 30
        && params[UPYML_SIGMOID_16_ACTIVATION] <= UPYML_ACTIVATION_TANH, PARAMS);
    return check_table(file, params + UPYML_SIGMOID_16_TABLE, UPYML_RECURRENT_TABLE_BYTES);
}

static int check_softmax(const uint8_t *file, const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y) {
    int32_t classes = x->shape[x->rank - 1];
    UPYML_NEED(x->elements == y->elements && classes == y->shape[y->rank - 1] && classes <= MAX_CLASSES, SHAPE);
    int32_t shift = upyml_load_int32(op->params + UPYML_SOFTMAX_16_SHIFT);
    UPYML_NEED(upyml_load_int32(op->params + UPYML_SOFTMAX_16_MULTIPLIER) >= 0 && upyml_shift_fits(shift), PARAMS);
    int answer = check_table(file, op->params + UPYML_SOFTMAX_16_EXP, TABLE_BYTES);
    return answer != UPYML_PASSED ? answer : check_table(file, op->params + UPYML_SOFTMAX_16_RECIPROCAL, TABLE_BYTES);
}

int upyml_check_wide(const uint8_t *file, const upyml_op *op, const upyml_tensor *y, uint32_t *scratch) {
    (void)scratch;  // none is needed
    upyml_tensor x;
    UPYML_NEED(op->input_count == (is_binary(op->opcode) ? 2 : 1), ARITY);
    int zero_points = 0;
    for (uint32_t place = op->input_count + 1u; place--;) {  // the first input is read last
        upyml_read_link(file, op, place, &x);
        UPYML_NEED(x.dtype == UPYML_DTYPE_INT16, DTYPE);
        zero_points |= x.zero_point;
    }
    UPYML_NEED(op->order == UPYML_ORDER_DISJOINT, ORDER);
    UPYML_NEED(zero_points == 0, PARAMS);
    switch (op->opcode) {
        case UPYML_OPCODE_FULLY_CONNECTED_16:
            return check_fully_connected(file, op, &x, y);
        case UPYML_OPCODE_ADD_16:
        case UPYML_OPCODE_SUB_16:
        case UPYML_OPCODE_MUL_16:
        case UPYML_OPCODE_MAXIMUM_16:
        case UPYML_OPCODE_MINIMUM_16:
            return check_binary(file, op, &x, y);
        case UPYML_OPCODE_MEAN_16:
            return check_mean(op, &x, y);
        case UPYML_OPCODE_TABLE_16:
            UPYML_NEED(x.elements == y->elements, SHAPE);
            return check_table(file, op->params + UPYML_TABLE_16_TABLE, TABLE_BYTES);
        case UPYML_OPCODE_SIGMOID_16:
            return check_sigmoid(file, op, &x, y);
        case UPYML_OPCODE_SOFTMAX_16:
            return check_softmax(file, op, &x, y);
        case UPYML_OPCODE_PAD_16:
            return check_pad(op, &x, y);
        default:
            return check_window(file, op, &x, y);
    }
}
