// The check of the ops of the family WIDE; upyml/format/check_wide.py asks the same in the same order.
#include "families.h"

int upyml_check_wide(const uint8_t *file, const upyml_op *op, const upyml_tensor *y, uint32_t *scratch) {
    (void)file;
    (void)op;
    (void)y;
    (void)scratch;
    return UPYML_ERROR_OPCODE;
}
