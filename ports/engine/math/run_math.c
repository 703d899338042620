// Runs the ops of the family MATH.
#include "attention_ops.h"

void upyml_run_math(upyml_step *s) {
    if (s->op.opcode >= UPYML_OPCODE_BATCH_MATMUL) {
        upyml_run_attention(s);
    }
}
