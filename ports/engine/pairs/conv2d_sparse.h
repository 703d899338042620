// Where the pairs of a block of sparse weights lie in packed rows: places count kernel rows without gaps.
#ifndef UPYML_PAIRS_CONV2D_SPARSE_H
#define UPYML_PAIRS_CONV2D_SPARSE_H

#include "../weights_sparse.h"
#include "conv2d_layout.h"

typedef struct {
    int32_t row_bytes;  // of a kernel row's places
    int32_t gap;  // bytes of packed rows between the end of one and the start of the next
    int32_t row_end, skipped;  // of the row that was reached: where its places end, and all gaps before it
} upyml_sparse_places;

static inline upyml_sparse_places upyml_sparse_places_of(const upyml_conv2d_layout *l) {
    int32_t row_bytes = 4 * l->words, gap = l->segments > 1 ? l->segment_step - row_bytes : 0;
    upyml_sparse_places at = {row_bytes, gap, gap ? row_bytes : INT32_MAX, 0};
    return at;
}

// Bytes from a pixel's first word of x to that of a place, no less than the one before.
static inline int32_t upyml_sparse_at(upyml_sparse_places *at, int32_t place) {
    while (place >= at->row_end) {
        at->row_end += at->row_bytes;
        at->skipped += at->gap;
    }
    return place + at->skipped;
}

#endif
