// An op's parameters from the file, as the structs its kernel takes.
#ifndef UPYML_PARAMS_H
#define UPYML_PARAMS_H

#include "kernels.h"

// (height, width, channels) of a tensor of rank 1 to 3; missing axes in front count 1.
void upyml_image(const upyml_tensor *tensor, int32_t *height, int32_t *width, int32_t *channels);

void upyml_read_window(const uint8_t *file, const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y,
    upyml_window *p);
void upyml_read_fully_connected(const uint8_t *file, const upyml_op *op, const upyml_tensor *x,
    const upyml_tensor *y, upyml_fully_connected *p);
void upyml_read_binary(const upyml_op *op, const upyml_tensor *x1, const upyml_tensor *x2, const upyml_tensor *y,
    upyml_binary *p);
void upyml_read_mean(const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y, upyml_axis *p);
void upyml_read_argmax(const upyml_op *op, upyml_axis *p);
void upyml_read_softmax(const upyml_op *op, const upyml_tensor *x, upyml_softmax *p);

#endif
