// The ops of attention.h from the file, as the structs their kernels take.
#ifndef UPYML_ATTENTION_PARAMS_H
#define UPYML_ATTENTION_PARAMS_H

#include "../params.h"
#include "attention.h"
#include "layout_math.h"

void upyml_read_batch_matmul(const upyml_op *op, const upyml_tensor *left, const upyml_tensor *right,
    const upyml_tensor *y, upyml_batch_matmul *p);
void upyml_read_layer_norm(const uint8_t *file, const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y,
    upyml_layer_norm *p);
void upyml_read_gather(const upyml_op *op, const upyml_tensor *x, const upyml_tensor *indices, upyml_gather *p);
void upyml_read_masked_softmax(const upyml_op *op, const upyml_tensor *x, upyml_softmax *p, upyml_band *band);

#endif
