// Weights of four bits as they lie in the file: blocks of four output channels; in a block, for each eight k, one word a
// channel with nibbles w + 8 (w in [-7, 7]). With a mask of 0x000f000f the word gives (w[0] + 8 << 16) + w[1] + 8, shifted
// right by 4, 8 and 12 bits the next two k each: pairs in the same order as in a word of int8 weights.
#ifndef UPYML_WEIGHTS_INT4_H
#define UPYML_WEIGHTS_INT4_H

#include <stdint.h>

enum {
    UPYML_INT4_BIAS = 8,  // what a nibble holds more than its weight
    UPYML_INT4_GROUP = 8,  // k of a word; a kernel row is filled up to whole ones
    UPYML_INT4_GROUP_BYTES = 16,  // of four channels
};

// Groups of a run of k.
static inline int32_t upyml_int4_groups(int32_t run) {
    return (run + UPYML_INT4_GROUP - 1) / UPYML_INT4_GROUP;
}

// The weight of row k and one of the four channels, in a block.
static inline int32_t upyml_weight_int4(const uint8_t *block, int32_t k, int channel) {
    int32_t nibble = (k & 1 ? 0 : 4) + (k >> 1 & 3);  // of the word's eight, the lowest first
    int byte = block[(k >> 3) * UPYML_INT4_GROUP_BYTES + channel * 4 + (nibble >> 1)];
    return (nibble & 1 ? byte >> 4 : byte & 15) - UPYML_INT4_BIAS;
}

#endif
