// Convolution for the kernels of a Cortex-M0+.
#ifndef UPYML_CORTEX_M0_CONV2D_H
#define UPYML_CORTEX_M0_CONV2D_H

#include "../kernels.h"
#include "load_word.h"

// per_channel: 0 where all channels share one multiplier.
void upyml_m0_conv2d(const upyml_window *p, int per_channel, const int8_t *input, int8_t *output, uint8_t *scratch);

#endif
