// What is done with a block of four channels, whatever the coding of its weights.
#ifndef UPYML_CORTEX_M0_CONV2D_CHANNELS_H
#define UPYML_CORTEX_M0_CONV2D_CHANNELS_H

#include "../pairs/conv2d_block.h"

enum { UPYML_KIND_CODED = 3 };  // of a block: turn_code is the address of code for its weights

// Biases and requantization of the block whose first channel this is.
void upyml_conv2d_prepare_any_channels(upyml_conv2d *c, int32_t channel);
void upyml_prepare_channels(upyml_conv2d_block *b, int32_t unused, int32_t channel);  // for b->aligned, and faster

static inline void upyml_conv2d_prepare_channels(upyml_conv2d *c, int32_t channel) {
    if (c->block.aligned) {
        upyml_prepare_channels(&c->block, 0, channel);
    } else {
        upyml_conv2d_prepare_any_channels(c, channel);
    }
}

#endif
