// Convolution for the kernels of a Cortex-M0+.
#ifndef UPYML_CORTEX_M0_CONV2D_H
#define UPYML_CORTEX_M0_CONV2D_H

#include "../load.h"
#include "../kernels.h"

// A number of the file, which lies at any address but mostly on a word.
static inline int32_t upyml_m0_load_word(const uint8_t *p) {
    return ((uintptr_t)p & 3) == 0 ? *(const int32_t *)p : upyml_load_int32(p);
}

// per_channel: 0 where all channels share one multiplier.
void upyml_m0_conv2d(const upyml_window *p, int per_channel, const int8_t *input, int8_t *output, uint8_t *scratch);

#endif
