// Blocks of four channels of a fully connected layer whose weights are of four bits, group by group where they do not lie on a
// word.
#include "fully_connected_coded.h"

#include <string.h>

void upyml_fully_connected_int4_dot(const void *weights, const int32_t *x, int32_t groups, int32_t sums[4]);

void upyml_fully_connected_run_int4(const upyml_fully_connected_blocks *b) {
    const uint8_t *weights = b->weights;
    int32_t *sums = b->sums, groups = b->quads >> 1;
    for (int32_t block = 0; block < b->blocks; block++, sums += 4, weights += b->gap) {
        for (int32_t i = 0; i < 4; i++) {
            sums[i] = (int32_t)((uint32_t)sums[i] - (uint32_t)b->surplus);
        }
        if (((uintptr_t)weights & 3) == 0) {
            upyml_fully_connected_int4_dot(weights, b->x, groups, sums);
            weights += UPYML_INT4_GROUP_BYTES * groups;
            continue;
        }
        for (int32_t i = 0; i < groups; i++, weights += UPYML_INT4_GROUP_BYTES) {
            uint32_t group[UPYML_INT4_GROUP_BYTES / 4];
            memcpy(group, weights, sizeof group);
            upyml_fully_connected_int4_dot(group, b->x + 4 * i, 1, sums);
        }
    }
}
