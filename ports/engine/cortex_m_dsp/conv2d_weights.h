#ifndef UPYML_CORTEX_M_DSP_CONV2D_WEIGHTS_H
#define UPYML_CORTEX_M_DSP_CONV2D_WEIGHTS_H

#include <stdint.h>

// One kernel row of a block of four channels: `count` words a channel, those of the four one after another. weights: as
// they lie in the file, at any address.
void upyml_conv2d_expand_weights(const uint8_t *weights, int32_t *words, int32_t count);

#endif
