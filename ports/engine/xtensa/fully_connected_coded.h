// Blocks of four channels of a fully connected layer whose weights are of four bits or sparse.
#ifndef UPYML_XTENSA_FULLY_CONNECTED_CODED_H
#define UPYML_XTENSA_FULLY_CONNECTED_CODED_H

#include <stdint.h>

// Adds x * (w + 8) of `groups` times eight k to the accumulators of up to four channels.
void upyml_fully_connected_add_int4(const uint8_t *weights, const int32_t *x, int32_t groups, int32_t *accumulators,
    int32_t channels);

// Adds x * w to the four accumulators of block `number`. x: packed pairs of the whole input.
void upyml_fully_connected_add_sparse(const uint8_t *weights, int32_t number, const int32_t *x, int32_t accumulators[4]);

#endif
