// A block of a fully connected layer with sparse weights, some groups of two pairs at a time.
#include <string.h>

#include "../weights_sparse.h"
#include "fully_connected_coded.h"

enum { ROOM = 64 };  // groups whose x is copied at once

// fully_connected_sparse_dot.S
int32_t upyml_fully_connected_gather(const void *groups, const int32_t *x, int32_t count, int32_t *to);
void upyml_fully_connected_sparse_dot(const void *groups, const int32_t *x, int32_t count, int32_t accumulators[4]);

static void add_groups(const void *groups, const int32_t *x, int32_t count, int32_t accumulators[4]) {
    int32_t pairs[2 * ROOM + 2];
    uint32_t offset = 128 * (uint32_t)upyml_fully_connected_gather(groups, x, count, pairs);
    for (int i = 0; i < 4; i++) {
        accumulators[i] = (int32_t)((uint32_t)accumulators[i] - offset);
    }
    upyml_fully_connected_sparse_dot(groups, pairs, count, accumulators);
}

void upyml_fully_connected_add_sparse(const uint8_t *weights, int32_t number, const int32_t *x, int32_t accumulators[4]) {
    const uint8_t *group = upyml_sparse_block(weights, number);
    int32_t left = upyml_sparse_groups(weights, number), aligned = ((uintptr_t)group & 3) == 0, most = aligned ? ROOM : 1;
    for (; left > 0; left -= most, group += UPYML_SPARSE_GROUP_BYTES * most) {
        if (aligned) {
            add_groups(group, x, left < most ? left : most, accumulators);
        } else {
            uint32_t copy[UPYML_SPARSE_GROUP_BYTES / 4];
            memcpy(copy, group, sizeof copy);
            add_groups(copy, x, 1, accumulators);
        }
    }
}
