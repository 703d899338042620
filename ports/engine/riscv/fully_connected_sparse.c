// Fully connected layers whose weights are sparse: one block of four channels after another takes the input's bytes as they
// are.
#include <string.h>

#include "../weights.h"
#include "../weights_sparse.h"
#include "fully_connected_coded.h"

void upyml_fully_connected_sparse_dot(const void *groups, const void *end, const int8_t *x, int32_t sums[4]);

// One group in C: of an odd number of inputs the last pair has but one.
static void add_group(const upyml_fully_connected *p, const int8_t *x, const uint8_t *group, int32_t sums[4]) {
    for (int pair = 0; pair < 2; pair++) {
        int32_t k = upyml_sparse_place(group, pair) >> 1;
        for (int32_t i = 0; i < 2 && k + i < p->in_c; i++) {
            for (int channel = 0; channel < 4; channel++) {
                int32_t product = x[k + i] * upyml_sparse_weight(group, pair, channel, i);
                sums[channel] = upyml_add_wrapped(sums[channel], product);
            }
        }
    }
}

void upyml_fully_connected_add_sparse(const upyml_fully_connected *p, const int8_t *x, int32_t number, int32_t blocks,
    int32_t *sums) {
    for (; blocks > 0; blocks--, number++, sums += 4) {
        const uint8_t *at = upyml_sparse_block(p->weights, number);
        const uint8_t *end = at + UPYML_SPARSE_GROUP_BYTES * upyml_sparse_groups(p->weights, number);
        if (at < end && upyml_sparse_place(end - UPYML_SPARSE_GROUP_BYTES, 1) >> 1 == p->in_c - 1) {
            end -= UPYML_SPARSE_GROUP_BYTES;
            add_group(p, x, end, sums);
        }
        if (((uintptr_t)at & 1) == 0) {
            upyml_fully_connected_sparse_dot(at, end, x, sums);
            continue;
        }
        for (; at < end; at += UPYML_SPARSE_GROUP_BYTES) {
            uint32_t group[UPYML_SPARSE_GROUP_BYTES / 4];
            memcpy(group, at, sizeof group);
            upyml_fully_connected_sparse_dot(group, group + UPYML_SPARSE_GROUP_BYTES / 4, x, sums);
        }
    }
}
