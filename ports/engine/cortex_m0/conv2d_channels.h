// What is done with a block of four channels, whatever the coding of its weights.
#ifndef UPYML_CORTEX_M0_CONV2D_CHANNELS_H
#define UPYML_CORTEX_M0_CONV2D_CHANNELS_H

#include "../pairs/conv2d_block.h"

enum { UPYML_KIND_LIST = 3 };  // of a block: its weights are a list, and turn_code an address

// Biases and requantization of the block whose first channel this is.
void upyml_conv2d_prepare_channels(upyml_conv2d *c, int32_t channel);

#endif
