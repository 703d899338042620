// Weights of four bits of a convolution, see conv2d_int4.c.
#ifndef UPYML_XTENSA_CONV2D_INT4_H
#define UPYML_XTENSA_CONV2D_INT4_H

#include <stdint.h>

// A run of channel 0 to 3 of a block, at any address, to `words` words of the stream; before, and the answer: the last pair.
uint32_t upyml_conv2d_expand_int4(const uint8_t *run, int32_t own, int32_t *stream, int32_t words, uint32_t before);

#endif
