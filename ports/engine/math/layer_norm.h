// What the kernels of layer normalization share.
#ifndef UPYML_LAYER_NORM_H
#define UPYML_LAYER_NORM_H

#include "attention.h"

// A normalized value has 11 bits of fraction, of 16 bits: 16 deviations at most. It is distance * inverse / 2^right, with
// right = UPYML_NORMAL_SHIFT + the exponent of the inverse root - the bits by which distances are narrowed.
enum { UPYML_NORMAL_SHIFT = 31 - 4 - 11 };

// 1 / sqrt(x) as inverse / 2^(31 + exponent), inverse in [2^15, 2^16]. x: at least 1.
uint32_t upyml_inverse_root(uint64_t x, int *exponent);

// 256 * count^2 times a row's mean square, and epsilon. sum: 0 where the row is not centered.
static inline uint64_t upyml_spread(const upyml_layer_norm *p, int32_t sum, uint32_t squares) {
    uint64_t spread = (uint64_t)(uint32_t)p->count * squares - (uint64_t)((int64_t)sum * sum);
    return (spread << 8) + p->epsilon;
}

// Bits by which distances, of count * x from the sum, are divided, so that they have 16.
static inline int upyml_narrowing(int32_t count) {
    int narrow = 0;
    while ((255 * count) >> narrow > 32512) {
        narrow++;
    }
    return narrow;
}

#endif
