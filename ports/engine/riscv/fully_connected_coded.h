// Fully connected layers whose weights are of four bits or sparse.
#ifndef UPYML_RISCV_FULLY_CONNECTED_CODED_H
#define UPYML_RISCV_FULLY_CONNECTED_CODED_H

#include "../kernels.h"

// Add to the sums of all channels of `blocks` blocks, four each, from that number on, x * w; INT4: x * (w + 8).
void upyml_fully_connected_add_int4(const upyml_fully_connected *p, const int8_t *x, int32_t number, int32_t blocks,
    int32_t *sums);
void upyml_fully_connected_add_sparse(const upyml_fully_connected *p, const int8_t *x, int32_t number, int32_t blocks,
    int32_t *sums);

#endif
