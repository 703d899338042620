// Scratch of fully connected layers, in plain C: the planner on the host uses it too.
#include "../ops.h"
#include "../rows.h"
#include "conv2d_layout.h"
#include "fully_connected.h"

enum {
    LEAST_PIECE = 8,  // quads of an input that is packed piece by piece
    LEAST_CHUNKS = 2,
    ROWS = 16,  // that the weights are expanded for
};

static int32_t least(int32_t a, int32_t b) {
    return a < b ? a : b;
}

int32_t upyml_fully_connected_s8_scratch_size(const upyml_fully_connected *p) {
    if (p->rows > 1) {
        upyml_window pixels = upyml_rows_as_pixels(p);  // the output may lie over all of the input: one strip then
        return upyml_conv2d_s8_scratch_size(&pixels, p->order == UPYML_ORDER_DISJOINT ? least(p->rows, ROWS) : p->rows);
    }
    int32_t whole = upyml_quads(p) * UPYML_QUAD, pieces = LEAST_PIECE * UPYML_QUAD;
    if (UPYML_HAS(SPARSE) && p->coding == UPYML_CODING_SPARSE) {
        return ((p->in_c + 1) >> 1) * UPYML_SPARSE_INPUT;  // which is read in any order
    }
    if (UPYML_HAS(INT4) && p->coding == UPYML_CODING_INT4) {
        whole = upyml_chunks(p) * UPYML_CHUNK;
        pieces = LEAST_CHUNKS * UPYML_CHUNK;
    }
    return least(whole, pieces + (p->order == UPYML_ORDER_DISJOINT ? 0 : upyml_accumulators_size(p)));
}
