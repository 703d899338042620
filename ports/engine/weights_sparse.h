// Sparse weights as they lie in the file. A block of four output channels holds pairs of k: those of which any of its
// eight weights is not 0. A table of u32 at the start tells where each block begins, in bytes from the table, and where the
// last one ends. A block is groups of two pairs, 20 bytes:
//
//     u16 places of the two pairs, 4 * pair; then for each pair two words, of channels 0 and 1 and of channels 2 and 3
//
// A word holds bytes w + 128: with a mask of 0x00ff00ff (w[k] + 128 << 16) + w[k + 1] + 128 of the first channel, shifted
// right by 8 bits those of the second. Pairs are counted in a kernel row, (kernel_w * in_c + 1) / 2 of them, row after row;
// places rise, but that a block of an odd number of pairs ends with its last place again and weights of 0.
#ifndef UPYML_WEIGHTS_SPARSE_H
#define UPYML_WEIGHTS_SPARSE_H

#include "load.h"

enum {
    UPYML_SPARSE_GROUP_BYTES = 20,
};

// Block `number` of four channels: its first group.
static inline const uint8_t *upyml_sparse_block(const uint8_t *weights, int32_t number) {
    return weights + upyml_load32(weights + 4 * number);
}

// Groups of block `number`.
static inline int32_t upyml_sparse_groups(const uint8_t *weights, int32_t number) {
    const uint8_t *at = weights + 4 * number;
    return (int32_t)((upyml_load32(at + 4) - upyml_load32(at)) / UPYML_SPARSE_GROUP_BYTES);
}

// Place of pair 0 or 1 of a group: 4 * pair.
static inline int32_t upyml_sparse_place(const uint8_t *group, int pair) {
    return (int32_t)upyml_load16(group + 2 * pair);
}

// Weight of k 0 or 1 of a group's pair.
static inline int32_t upyml_sparse_weight(const uint8_t *group, int pair, int channel, int k) {
    return group[4 + 8 * pair + 4 * (channel >> 1) + (channel & 1) + (k ? 0 : 2)] - 128;
}

#endif
