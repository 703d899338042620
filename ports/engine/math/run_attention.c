// Runs the ops of attention.h.
#include "attention_ops.h"
#include "attention_params.h"

static const uint8_t *second_input(const upyml_step *s, upyml_tensor *tensor) {
    upyml_read_link(s->file, &s->op, 1, tensor);
    return upyml_tensor_bytes(s, tensor);
}

static void run_batch_matmul(upyml_step *s) {
    upyml_tensor right;
    const int8_t *bytes = (const int8_t *)second_input(s, &right);
    upyml_batch_matmul p;
    upyml_read_batch_matmul(&s->op, &s->x, &right, &s->y, &p);
    p.scratch_size = s->scratch_size;
    upyml_batch_matmul_s8(&p, (const int8_t *)s->input, bytes, (int8_t *)s->output, s->scratch);
}

static void run_gather(upyml_step *s) {
    upyml_tensor indices;
    const uint8_t *bytes = second_input(s, &indices);
    upyml_gather p;
    upyml_read_gather(&s->op, &s->x, &indices, &p);
    upyml_gather_rows(&p, s->input, bytes, s->output);
}

static void run_layer_norm(upyml_step *s) {
    upyml_layer_norm p;
    upyml_read_layer_norm(s->file, &s->op, &s->x, &s->y, &p);
    upyml_layer_norm_s8(&p, (const int8_t *)s->input, (int8_t *)s->output);
}

static void run_masked_softmax(upyml_step *s) {
    upyml_softmax p;
    upyml_band band;
    upyml_read_masked_softmax(&s->op, &s->x, &p, &band);
    upyml_let_remember(s, &p);
    upyml_masked_softmax_s8(&p, &band, (const int8_t *)s->input, (int8_t *)s->output);
}

void upyml_run_attention(upyml_step *s) {
    switch (s->op.opcode) {
        case UPYML_OPCODE_BATCH_MATMUL:
            UPYML_FOR(BATCH_MATMUL, run_batch_matmul(s));
            break;
        case UPYML_OPCODE_LAYER_NORM:
            UPYML_FOR(LAYER_NORM, run_layer_norm(s));
            break;
        case UPYML_OPCODE_GATHER:
            UPYML_FOR(GATHER, run_gather(s));
            break;
        default:
            UPYML_FOR(MASKED_SOFTMAX, run_masked_softmax(s));
    }
}
