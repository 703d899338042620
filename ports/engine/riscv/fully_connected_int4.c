// Fully connected layers whose weights are of four bits: these are multiplied in pairs, so the input is packed, in pieces.
#include <string.h>

#include "../pairs/conv2d_rows.h"
#include "../weights_int4.h"
#include "fully_connected_coded.h"
#include "pairs_cpu.h"

enum { PIECE = 128 };  // k: whole groups

void upyml_fully_connected_int4_dot(const void *weights, const int32_t *x, int32_t groups, int32_t sums[4]);

// The same at any address.
static void add_int4(const uint8_t *weights, const int32_t *x, int32_t groups, int32_t sums[4]) {
    if (((uintptr_t)weights & 3) == 0) {
        upyml_fully_connected_int4_dot(weights, x, groups, sums);
        return;
    }
    for (; groups > 0; groups--, weights += UPYML_INT4_GROUP_BYTES, x += UPYML_INT4_GROUP / 2) {
        uint32_t group[UPYML_INT4_GROUP_BYTES / 4];
        memcpy(group, weights, sizeof group);
        upyml_fully_connected_int4_dot(group, x, 1, sums);
    }
}

// Packs `count` values; the rest of the last group is 0: there are weights for it, but no input. Answers the groups.
static int32_t pack(const int8_t *x, int32_t count, int32_t *words) {
    int32_t groups = upyml_int4_groups(count), pairs = count >> 1;
    upyml_pack_pairs(x, words, pairs);
    if (count & 1) {
        words[pairs++] = upyml_pair(x[count - 1], 0);
    }
    while (pairs < groups * (UPYML_INT4_GROUP / 2)) {
        words[pairs++] = 0;
    }
    return groups;
}

void upyml_fully_connected_add_int4(const upyml_fully_connected *p, const int8_t *x, int32_t number, int32_t blocks,
    int32_t *sums) {
    int32_t words[PIECE / 2], block_bytes = UPYML_INT4_GROUP_BYTES * upyml_int4_groups(p->in_c);
    const uint8_t *weights = p->weights + number * block_bytes;
    for (int32_t k = 0; k < p->in_c; k += PIECE) {
        int32_t groups = pack(x + k, p->in_c - k < PIECE ? p->in_c - k : PIECE, words);
        for (int32_t i = 0; i < blocks; i++) {
            add_int4(weights + i * block_bytes, words, groups, sums + 4 * i);
        }
        weights += UPYML_INT4_GROUP_BYTES * groups;
    }
}
