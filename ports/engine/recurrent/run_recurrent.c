// Runs the ops of the family RECURRENT.
#include "families.h"
#include "recurrent.h"

void upyml_run_recurrent(upyml_step *s) {
    upyml_recurrent p;
    upyml_read_recurrent(s->file, &s->op, &s->x, &s->y, &p);
    uint8_t *states[2] = {NULL, NULL};
    for (int i = 0; i < s->op.input_count - 1; i++) {
        upyml_tensor state;
        upyml_read_link(s->file, &s->op, 1 + (uint32_t)i, &state);
        states[i] = upyml_tensor_bytes(s, &state);
    }
    int gru = p.opcode == UPYML_OPCODE_GRU;
    upyml_recurrent_layer(&p, s->input, s->output, gru ? NULL : states[0], (int16_t *)(void *)states[gru ? 0 : 1], s->scratch);
}
