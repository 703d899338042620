// Blocks of four channels of a fully connected layer whose weights are of four bits or sparse.
#ifndef UPYML_XTENSA_FULLY_CONNECTED_CODED_H
#define UPYML_XTENSA_FULLY_CONNECTED_CODED_H

#include "../kernels.h"

// Adds x * w to the accumulators of `count` channels, of the k from 4 * `quad` on, 4 * `quads` of them: whole eights, which x
// holds, packed; `sum` is theirs.
void upyml_fully_connected_add_int4(const upyml_fully_connected *p, int32_t channel, const int32_t *x, int32_t quad,
    int32_t quads, int32_t sum, int32_t *accumulators, int32_t count);

// Adds x * w to the four accumulators of block `number`. x: packed pairs of the whole input.
void upyml_fully_connected_add_sparse(const uint8_t *weights, int32_t number, const int32_t *x, int32_t accumulators[4]);

#endif
