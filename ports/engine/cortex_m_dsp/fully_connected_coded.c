// Blocks of four channels of a fully connected layer whose weights are INT4 or SPARSE, group by group where the weights do
// not lie on a word.
#include "fully_connected_coded.h"

#include <string.h>

void upyml_fully_connected_int4(const void *weights, const int32_t *x, int32_t groups, int32_t sums[4]);
void upyml_fully_connected_sparse(const void *groups, const void *end, const int32_t *x, int32_t sums[4]);

void upyml_fully_connected_run_int4(const upyml_fully_connected_blocks *b) {
    const uint8_t *weights = b->weights;
    int32_t *sums = b->sums, groups = b->quads >> 1;
    for (int32_t block = 0; block < b->blocks; block++, sums += 4, weights += b->gap) {
        for (int32_t i = 0; i < 4; i++) {
            sums[i] = (int32_t)((uint32_t)sums[i] - (uint32_t)b->surplus);
        }
        if (((uintptr_t)weights & 3) == 0) {
            upyml_fully_connected_int4(weights, b->x, groups, sums);
            weights += UPYML_INT4_GROUP_BYTES * groups;
            continue;
        }
        for (int32_t i = 0; i < groups; i++, weights += UPYML_INT4_GROUP_BYTES) {
            uint32_t group[UPYML_INT4_GROUP_BYTES / 4];
            memcpy(group, weights, sizeof group);
            upyml_fully_connected_int4(group, b->x + 4 * i, 1, sums);
        }
    }
}

void upyml_fully_connected_run_sparse(const uint8_t *weights, int32_t number, const int32_t *x, int32_t sums[4]) {
    const uint8_t *at = upyml_sparse_block(weights, number);
    const uint8_t *end = at + UPYML_SPARSE_GROUP_BYTES * upyml_sparse_groups(weights, number);
    if (((uintptr_t)at & 3) == 0) {
        upyml_fully_connected_sparse(at, end, x, sums);
        return;
    }
    for (; at < end; at += UPYML_SPARSE_GROUP_BYTES) {
        uint32_t group[UPYML_SPARSE_GROUP_BYTES / 4];
        memcpy(group, at, sizeof group);
        upyml_fully_connected_sparse(group, group + UPYML_SPARSE_GROUP_BYTES / 4, x, sums);
    }
}
