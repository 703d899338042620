// Convolutions and fully connected layers are one computation: windows of pixels times blocks of weights.
#ifndef UPYML_HOST_CONV2D_H
#define UPYML_HOST_CONV2D_H

#include "../kernels.h"

// As upyml_conv2d_s8. per_channel 0: all channels have the first one's factor.
void upyml_host_conv2d(const upyml_window *p, int per_channel, const int8_t *input, int8_t *output, uint8_t *scratch);

#endif
