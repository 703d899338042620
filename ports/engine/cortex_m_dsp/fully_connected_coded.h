// Blocks of four channels of a fully connected layer whose weights are of four bits or sparse.
#ifndef UPYML_CORTEX_M_DSP_FULLY_CONNECTED_CODED_H
#define UPYML_CORTEX_M_DSP_FULLY_CONNECTED_CODED_H

#include "../weights_int4.h"
#include "../weights_sparse.h"
#include "fully_connected_blocks.h"

// The sums are made and left where they were; requantization is not done. quads: whole twos.
void upyml_fully_connected_run_int4(const upyml_fully_connected_blocks *b);

// Adds to the four sums of block `number`. x: packed pairs of the whole input.
void upyml_fully_connected_run_sparse(const uint8_t *weights, int32_t number, const int32_t *x, int32_t sums[4]);

#endif
