// Runs the ops of the family MATH.
#include "../families.h"
#include "attention_ops.h"
#include "math_ops.h"

static void run_transpose_conv2d(upyml_step *s) {
    upyml_transpose_conv2d p;
    upyml_read_transpose_conv2d(s->file, &s->op, &s->y, &p);
    for (int32_t row = 0; row < p.stride_h; row++) {
        for (int32_t column = 0; column < p.stride_w; column++) {
            upyml_op op;
            upyml_tensor out;
            upyml_phase phase;
            upyml_phase_op(&p, row, column, &s->y, &op, &out);
            upyml_read_phase(s->file, &op, &s->x, &out, row, column, &phase);
            upyml_run_phase(&p, &phase, (const int8_t *)s->input, (int8_t *)s->output, s->scratch, s->scratch_size);
        }
    }
}

static void run_pairwise(upyml_step *s) {
    upyml_tensor x2;
    upyml_binary p;
    upyml_read_link(s->file, &s->op, 1, &x2);
    upyml_read_binary(&s->op, &s->x, &x2, &s->y, &p);
    upyml_pairwise_s8(&p, (const int8_t *)s->input, (const int8_t *)upyml_tensor_bytes(s, &x2), (int8_t *)s->output);
}

void upyml_run_math(upyml_step *s) {
    if (s->op.opcode >= UPYML_OPCODE_BATCH_MATMUL) {
        upyml_run_attention(s);
        return;
    }
    const int8_t *input = (const int8_t *)s->input;
    int8_t *output = (int8_t *)s->output;
    upyml_log_softmax softmax;
    upyml_cumsum sum;
    int32_t count = s->x.shape[s->x.rank - 1];
    switch (s->op.opcode) {
        case UPYML_OPCODE_TRANSPOSE_CONV2D:
            if (UPYML_HAS(TRANSPOSE_CONV2D) && UPYML_HAS(CONV2D)) {
                run_transpose_conv2d(s);
            }
            break;
        case UPYML_OPCODE_LOG_SOFTMAX:
            upyml_read_log_softmax(&s->op, &s->x, &softmax);
            UPYML_FOR(LOG_SOFTMAX, upyml_log_softmax_s8(&softmax, input, output));
            break;
        case UPYML_OPCODE_L2_NORMALIZATION:
            UPYML_FOR(L2_NORMALIZATION, upyml_l2_normalization_s8((int32_t)(s->x.elements / (uint32_t)count), count, s->x.zero_point, input, output));
            break;
        case UPYML_OPCODE_CUMSUM:
            upyml_read_cumsum(&s->op, &s->x, &s->y, &sum);
            UPYML_FOR(CUMSUM, upyml_cumsum_s8(&sum, input, output));
            break;
        default:
            run_pairwise(s);
    }
}
