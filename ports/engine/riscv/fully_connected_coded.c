// Fully connected layers whose weights are INT4 or SPARSE: one block of four channels after another. Four bits are multiplied
// in pairs, so the input is packed, in pieces; sparse weights take the input's bytes as they are.
#include "fully_connected_coded.h"

#include <string.h>

#include "../pairs/conv2d_rows.h"
#include "../weights.h"
#include "../weights_int4.h"
#include "../weights_sparse.h"
#include "pairs_cpu.h"

enum { PIECE = 128 };  // k: whole groups

void upyml_fully_connected_int4(const void *weights, const int32_t *x, int32_t groups, int32_t sums[4]);
void upyml_fully_connected_sparse(const void *groups, const void *end, const int8_t *x, int32_t sums[4]);

// The same at any address.
static void add_int4(const uint8_t *weights, const int32_t *x, int32_t groups, int32_t sums[4]) {
    if (((uintptr_t)weights & 3) == 0) {
        upyml_fully_connected_int4(weights, x, groups, sums);
        return;
    }
    for (; groups > 0; groups--, weights += UPYML_INT4_GROUP_BYTES, x += UPYML_INT4_GROUP / 2) {
        uint32_t group[UPYML_INT4_GROUP_BYTES / 4];
        memcpy(group, weights, sizeof group);
        upyml_fully_connected_int4(group, x, 1, sums);
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
            upyml_fully_connected_sparse(at, end, x, sums);
            continue;
        }
        for (; at < end; at += UPYML_SPARSE_GROUP_BYTES) {
            uint32_t group[UPYML_SPARSE_GROUP_BYTES / 4];
            memcpy(group, at, sizeof group);
            upyml_fully_connected_sparse(group, group + UPYML_SPARSE_GROUP_BYTES / 4, x, sums);
        }
    }
}
