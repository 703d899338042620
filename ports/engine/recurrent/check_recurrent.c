// The check of the ops of the family RECURRENT; upyml/format/check_recurrent.py asks the same in the same order.
#include "families.h"
#include "../wide/params_wide.h"
#include "recurrent.h"

enum { MOST_UNITS = 1 << 26 };  // so that all gates' channels are a number the weights' check takes

// Hidden state and cell, those of them that the op has, with their number types.
static int check_states(const uint8_t *file, const upyml_op *op, int dtype, upyml_tensor *states) {
    for (int i = 0; i < op->input_count - 1; i++) {
        int cell = i == 1 || op->opcode == UPYML_OPCODE_GRU;
        upyml_read_link(file, op, 1 + (uint32_t)i, &states[i]);
        UPYML_NEED(states[i].dtype == (cell ? UPYML_DTYPE_INT16 : dtype) && states[i].kind == UPYML_KIND_STATE, DTYPE);
    }
    return UPYML_PASSED;
}

static int check_matrix(const uint8_t *file, const upyml_recurrent *p, const upyml_matrix *m, const uint8_t *fields) {
    if (UPYML_HAS_FAMILY(WIDE) && p->wide) {
        return upyml_check_weights_16(file, fields, 1, (uint32_t)m->in_c, (uint32_t)m->out_c, 1, UPYML_WIDE_INT64);
    }
    upyml_weights w = {
        .coding = UPYML_CODING_INT8, .per_channel = 1, .rows = 1, .run = (uint32_t)m->in_c,
        .channels = (uint32_t)m->out_c, .pairs = 0, .fields = fields,
    };
    return upyml_check_weights(file, &w);
}

int upyml_check_recurrent(const uint8_t *file, const upyml_op *op, const upyml_tensor *y, uint32_t *scratch) {
    int lstm = op->opcode == UPYML_OPCODE_LSTM, count = op->input_count - 1;
    UPYML_NEED(count == 0 || count == (lstm ? 2 : 1), ARITY);
    upyml_tensor x, states[2];
    upyml_read_link(file, op, 0, &x);
    UPYML_NEED((x.dtype == UPYML_DTYPE_INT8 || x.dtype == UPYML_DTYPE_INT16) && y->dtype == x.dtype, DTYPE);
    int answer = check_states(file, op, x.dtype, states);
    if (answer != UPYML_PASSED) {
        return answer;
    }
    UPYML_NEED(op->order == UPYML_ORDER_DISJOINT, ORDER);
    UPYML_NEED(x.rank == 2 && y->rank <= 2 && y->shape[y->rank - 1] <= MOST_UNITS, SHAPE);
    upyml_recurrent p;
    upyml_read_recurrent(file, op, &x, y, &p);
    UPYML_NEED(UPYML_HAS_FAMILY(WIDE) || !p.wide, OPCODE);
    UPYML_NEED(!p.wide || (x.zero_point | y->zero_point) == 0, PARAMS);
    UPYML_NEED(!p.sequence || y->shape[0] == p.steps, SHAPE);
    for (int i = 0; i < count; i++) {
        UPYML_NEED(states[i].elements == (uint32_t)p.units, SHAPE);
    }
    UPYML_NEED(count < 2 || states[0].end <= states[1].offset || states[1].end <= states[0].offset, SHAPE);
    UPYML_NEED(p.backwards <= 1 && p.mirrored <= 1 && upyml_shift_fits(p.hidden_shift), PARAMS);
    UPYML_NEED(p.gate_shift <= UPYML_MAX_CELL_SHIFT, PARAMS);
    UPYML_NEED(p.activation < UPYML_ACTIVATION_COUNT && p.gate < UPYML_ACTIVATION_COUNT, PARAMS);
    UPYML_NEED(upyml_shift_fits(p.update_shift) && p.cell_shift >= UPYML_MIN_CELL_SHIFT && p.cell_shift <= UPYML_MAX_CELL_SHIFT,
        PARAMS);
    UPYML_NEED(p.clip <= INT16_MAX && p.reset_after <= 1, PARAMS);
    UPYML_NEED(upyml_in_data(file, upyml_load32(op->params + UPYML_LSTM_TABLE), UPYML_RECURRENT_TABLE_BYTES, 2), DATA);
    answer = check_matrix(file, &p, &p.input, op->params + UPYML_LSTM_WEIGHTS);
    if (answer == UPYML_PASSED) {
        answer = check_matrix(file, &p, &p.recurrent, op->params + UPYML_LSTM_RECURRENT_WEIGHTS);
    }
    if (answer == UPYML_PASSED) {
        *scratch = upyml_recurrent_scratch_size(&p);
    }
    return answer;
}
