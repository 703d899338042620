// Runs the ops of the family WIDE.
#include "../families.h"
#include "params_wide.h"

static void run_window(upyml_step *s) {
    upyml_window p;
    upyml_read_window_16(s->file, &s->op, &s->x, &s->y, &p);
    if (s->op.opcode == UPYML_OPCODE_MAX_POOL_16 || s->op.opcode == UPYML_OPCODE_AVERAGE_POOL_16) {
        upyml_pool_s16(&p, s->op.opcode == UPYML_OPCODE_AVERAGE_POOL_16, s->input, s->output);
        return;
    }
    upyml_wide_channels c = upyml_wide_read_channels(p.channels, p.out_c, 1, upyml_accumulator_16(&s->op));
    c.clamp_min = p.clamp_min;
    c.clamp_max = p.clamp_max;
    if (s->op.opcode == UPYML_OPCODE_CONV2D_16) {
        upyml_conv2d_s16(&p, &c, s->input, s->output);
    } else {
        upyml_depthwise_conv2d_s16(&p, &c, s->input, s->output);
    }
}

static void run_fully_connected(upyml_step *s) {
    upyml_fully_connected p;
    upyml_read_fully_connected_16(s->file, &s->op, &s->x, &s->y, &p);
    upyml_wide_channels c = upyml_wide_read_channels(p.channels, p.out_c, p.per_channel, upyml_accumulator_16(&s->op));
    c.clamp_min = p.clamp_min;
    c.clamp_max = p.clamp_max;
    upyml_fully_connected_s16(&p, &c, s->input, s->output);
}

static void run_binary(upyml_step *s) {
    upyml_tensor x2;
    upyml_read_link(s->file, &s->op, 1, &x2);
    upyml_binary p;
    upyml_read_binary_16(&s->op, &s->x, &x2, &s->y, &p);
    upyml_binary_s16(&p, s->input, upyml_tensor_bytes(s, &x2), s->output);
}

static void run_mean(upyml_step *s) {
    upyml_axis p;
    upyml_read_argmax(&s->op, &p);  // the same first three fields
    p.multiplier = upyml_load_int32(s->op.params + UPYML_MEAN_16_MULTIPLIER);
    p.shift = (int8_t)s->op.params[UPYML_MEAN_16_SHIFT];
    upyml_mean_s16(&p, s->input, s->output);
}

static void run_softmax(upyml_step *s) {
    upyml_softmax p;
    p.classes = s->x.shape[s->x.rank - 1];
    p.rows = (int32_t)(s->x.elements / (uint32_t)p.classes);
    p.multiplier = upyml_load_int32(s->op.params + UPYML_SOFTMAX_16_MULTIPLIER);
    p.shift = upyml_load_int32(s->op.params + UPYML_SOFTMAX_16_SHIFT);
    upyml_softmax_s16(&p, upyml_place(s->file, s->op.params + UPYML_SOFTMAX_16_EXP),
        upyml_place(s->file, s->op.params + UPYML_SOFTMAX_16_RECIPROCAL), s->input, s->output);
}

static void run_pad(upyml_step *s) {
    int32_t before[UPYML_MAX_RANK];
    for (int axis = 0; axis < UPYML_MAX_RANK; axis++) {
        before[axis] = upyml_load_int32(s->op.params + UPYML_PAD_16_BEFORE + 4 * axis);
    }
    int32_t value = upyml_load_int32(s->op.params + UPYML_PAD_16_VALUE);
    upyml_pad_s16(s->x.shape, s->y.shape, before, value, s->input, s->output);
}

void upyml_run_wide(upyml_step *s) {
    switch (s->op.opcode) {
        case UPYML_OPCODE_FULLY_CONNECTED_16:
            UPYML_FOR(FULLY_CONNECTED_16, run_fully_connected(s));
            break;
        case UPYML_OPCODE_ADD_16:
        case UPYML_OPCODE_SUB_16:
        case UPYML_OPCODE_MUL_16:
        case UPYML_OPCODE_MAXIMUM_16:
        case UPYML_OPCODE_MINIMUM_16:
            run_binary(s);
            break;
        case UPYML_OPCODE_MEAN_16:
            UPYML_FOR(MEAN_16, run_mean(s));
            break;
        case UPYML_OPCODE_TABLE_16:
            UPYML_FOR(TABLE_16, upyml_table_s16(upyml_place(s->file, s->op.params + UPYML_TABLE_16_TABLE), s->input, s->output,
                s->x.elements));
            break;
        case UPYML_OPCODE_SIGMOID_16:
            UPYML_FOR(SIGMOID_16, upyml_sigmoid_s16(upyml_place(s->file, s->op.params + UPYML_SIGMOID_16_TABLE),
                upyml_load_int32(s->op.params + UPYML_SIGMOID_16_MULTIPLIER), s->op.params[UPYML_SIGMOID_16_SHIFT],
                s->op.params[UPYML_SIGMOID_16_ACTIVATION], s->input, s->output, s->x.elements));
            break;
        case UPYML_OPCODE_SOFTMAX_16:
            UPYML_FOR(SOFTMAX_16, run_softmax(s));
            break;
        case UPYML_OPCODE_PAD_16:
            UPYML_FOR(PAD_16, run_pad(s));
            break;
        default:
            run_window(s);
    }
}
