// The check of the ops of the family MATH; upyml/format/check_math.py asks the same in the same order.
#include "attention_ops.h"

int upyml_check_math(const uint8_t *file, const upyml_op *op, const upyml_tensor *y, uint32_t *scratch) {
    if (op->opcode >= UPYML_OPCODE_BATCH_MATMUL) {
        return upyml_check_attention(file, op, y, scratch);
    }
    return UPYML_ERROR_OPCODE;
}
