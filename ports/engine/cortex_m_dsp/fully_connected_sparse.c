// Blocks of four channels of a fully connected layer whose weights are sparse, group by group where they do not lie on a
// word.
#include "fully_connected_coded.h"

#include <string.h>

void upyml_fully_connected_sparse_dot(const void *groups, const void *end, const int32_t *x, int32_t sums[4]);

void upyml_fully_connected_run_sparse(const uint8_t *weights, int32_t number, const int32_t *x, int32_t sums[4]) {
    const uint8_t *at = upyml_sparse_block(weights, number);
    const uint8_t *end = at + UPYML_SPARSE_GROUP_BYTES * upyml_sparse_groups(weights, number);
    if (((uintptr_t)at & 3) == 0) {
        upyml_fully_connected_sparse_dot(at, end, x, sums);
        return;
    }
    for (; at < end; at += UPYML_SPARSE_GROUP_BYTES) {
        uint32_t group[UPYML_SPARSE_GROUP_BYTES / 4];
        memcpy(group, at, sizeof group);
        upyml_fully_connected_sparse_dot(group, group + UPYML_SPARSE_GROUP_BYTES / 4, x, sums);
    }
}
