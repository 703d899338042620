// What a block of a convolution needs besides its weights, whatever their coding.
#ifndef UPYML_CORTEX_M_DSP_CONV2D_CHANNELS_H
#define UPYML_CORTEX_M_DSP_CONV2D_CHANNELS_H

#include "../pairs/conv2d_block.h"
#include "../pairs/load_word.h"

// Biases and requantization of the block whose first channel this is.
static inline void upyml_conv2d_prepare_channels(upyml_conv2d *c, int32_t channel) {
    for (int32_t i = 0; i < 4 && channel < c->p->out_c; i++, channel++) {
        int32_t at = channel * c->channels.step;
        c->block.bias[i] = upyml_load_word(c->channels.bias + 4 * channel);
        upyml_prepare_channel(&c->block.q[i], upyml_load_word(c->channels.multipliers + 4 * at), c->channels.shifts[at],
            c->channels.bits[at]);
    }
}

#endif
