// What a block of a convolution needs besides its weights, whatever their coding.
#ifndef UPYML_CORTEX_M_DSP_CONV2D_CHANNELS_H
#define UPYML_CORTEX_M_DSP_CONV2D_CHANNELS_H

#include "../pairs/conv2d_block.h"

// Biases and requantization of the block whose first channel this is.
void upyml_conv2d_prepare_channels(upyml_conv2d *c, int32_t channel);

#endif
