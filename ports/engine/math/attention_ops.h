// Check and run of the ops of attention.h, op codes from BATCH_MATMUL on: a part of the family MATH.
#ifndef UPYML_ATTENTION_OPS_H
#define UPYML_ATTENTION_OPS_H

#include "../families.h"

int upyml_check_attention(const uint8_t *file, const upyml_op *op, const upyml_tensor *y, uint32_t *scratch);
void upyml_run_attention(upyml_step *s);

#endif
