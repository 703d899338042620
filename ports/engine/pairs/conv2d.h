// Convolution for CPUs that multiply pairs of values.
#ifndef UPYML_PAIRS_CONV2D_H
#define UPYML_PAIRS_CONV2D_H

#include "../kernels.h"

// per_channel: 0 where all channels share one multiplier.
void upyml_conv2d_by_strips(const upyml_window *p, int per_channel, const int8_t *input, int8_t *output,
    uint8_t *scratch);

#endif
