#include "../ops.h"
#include "recurrent.h"

static upyml_matrix matrix(const uint8_t *file, const uint8_t *fields, int32_t in_c, int32_t out_c) {
    upyml_matrix m = {upyml_place(file, fields), upyml_place(file, fields + 4), in_c, out_c};
    return m;
}

void upyml_read_recurrent(const uint8_t *file, const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y,
    upyml_recurrent *p) {
    const uint8_t *params = op->params;  // the first fields are the same of all
    p->opcode = op->opcode;
    p->units = y->shape[y->rank - 1];
    p->steps = x->shape[0];
    p->in_c = x->shape[1];
    p->sequence = y->elements != (uint32_t)p->units;
    p->out_zero_point = y->zero_point;
    p->wide = x->dtype == UPYML_DTYPE_INT16;
    int32_t channels = upyml_gates(op->opcode) * p->units;
    p->input = matrix(file, params + UPYML_LSTM_WEIGHTS, p->in_c, channels);
    p->recurrent = matrix(file, params + UPYML_LSTM_RECURRENT_WEIGHTS, p->units, channels);
    p->table = upyml_place(file, params + UPYML_LSTM_TABLE);
    p->backwards = params[UPYML_LSTM_BACKWARDS];
    p->mirrored = params[UPYML_LSTM_MIRRORED];
    p->activation = params[UPYML_LSTM_ACTIVATION];
    p->gate = params[UPYML_LSTM_GATE];
    p->hidden_multiplier = upyml_load_int32(params + UPYML_LSTM_HIDDEN_MULTIPLIER);
    p->hidden_shift = (int8_t)params[UPYML_LSTM_HIDDEN_SHIFT];
    p->gate_shift = params[UPYML_LSTM_GATE_SHIFT];
    p->update_multiplier = p->clip = 0;
    p->update_shift = p->cell_shift = p->reset_after = 0;
    if (op->opcode == UPYML_OPCODE_GRU) {
        p->reset_after = params[UPYML_GRU_RESET_AFTER];
    } else if (op->opcode == UPYML_OPCODE_LSTM) {
        p->update_multiplier = upyml_load_int32(params + UPYML_LSTM_UPDATE_MULTIPLIER);
        p->update_shift = (int8_t)params[UPYML_LSTM_UPDATE_SHIFT];
        p->cell_shift = (int8_t)params[UPYML_LSTM_CELL_SHIFT];
        p->clip = (int32_t)upyml_load16(params + UPYML_LSTM_CLIP);
    }
}
