// One row of a fully connected layer with coded weights.
#ifndef UPYML_CORTEX_M0_FULLY_CONNECTED_CODED_H
#define UPYML_CORTEX_M0_FULLY_CONNECTED_CODED_H

#include "../ops.h"
#include "../pairs/fully_connected.h"
#include "../weights.h"

void upyml_fully_connected_int4(const upyml_fully_connected *p, const int8_t *input, int8_t *output, uint8_t *scratch);
void upyml_fully_connected_sparse(const upyml_fully_connected *p, const int8_t *input, int8_t *output, uint8_t *scratch);

// One value a channel, with multipliers of their own: nothing that would have to be prepared pays.
void upyml_requantize_each(const upyml_fully_connected *p, const upyml_channels *c, int32_t channel,
    const int32_t *accumulators, int32_t count, int8_t *output);

// One value a channel, from `channel` on (fully_connected_sums.c).
void upyml_requantize_sums(const upyml_fully_connected *p, const upyml_channels *c, int32_t channel,
    const int32_t *accumulators, int32_t count, int8_t *output);

// Biases of `count` channels from `channel` on, whole blocks.
void upyml_start_sums(const upyml_channels *c, int32_t channel, int32_t *accumulators, int32_t count);

#endif
