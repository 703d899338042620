// How a fully connected layer of one row goes about its work, see the CPU's fully_connected_s8.c.
#ifndef UPYML_PAIRS_FULLY_CONNECTED_H
#define UPYML_PAIRS_FULLY_CONNECTED_H

#include "../kernels.h"

// A layer with coded weights, in plain C. Scratch: min(in_c, out_c) a row where the output may lie over the input.
void upyml_fully_connected_coded(const upyml_fully_connected *p, const int8_t *input, int8_t *output, uint8_t *scratch);

// A quad is four inputs: 8 bytes once they are packed, and 16 bytes of the weights of a block of four channels.
enum { UPYML_QUAD = 8 };

// With weights of four bits, a chunk is 32 inputs: 16 pairs and a word for all of them. With sparse ones each pair is two
// words.
enum {
    UPYML_CHUNK_INPUTS = 32,
    UPYML_CHUNK = 68,
    UPYML_SPARSE_INPUT = 8,
};

static inline int32_t upyml_chunks(const upyml_fully_connected *p) {
    return (p->in_c + UPYML_CHUNK_INPUTS - 1) / UPYML_CHUNK_INPUTS;
}

static inline int32_t upyml_quads(const upyml_fully_connected *p) {
    return (p->in_c + 3) >> 2;
}

// Bytes for the accumulators of all channels, filled up to whole blocks: for an input that is packed in pieces while the
// output may lie over it.
static inline int32_t upyml_accumulators_size(const upyml_fully_connected *p) {
    return ((p->out_c + 3) & ~3) * 4;
}

#endif
