// Input rows for kernels whose output may overlap their input (see SPEC.md, "Orders").
//
// Apart, the rows are read where they lie. Overlapping, each row is copied into a ring in scratch before the first output
// row that may lie over it is written, and is never read from the arena again.
#ifndef UPYML_ROWS_H
#define UPYML_ROWS_H

#include <string.h>

#include "kernels.h"

typedef struct {
    const uint8_t *input;
    uint8_t *ring;  // NULL where input and output are apart
    int32_t ring_rows, row_bytes;
    int32_t loaded_first, loaded_end;  // rows copied so far
    int reverse;
} upyml_rows;

static inline int32_t upyml_ring_rows(const upyml_window *p) {
    int32_t reach = (p->kernel_h - 1) * p->dilation_h + 1;
    return reach < p->in_h ? reach : p->in_h;
}

static inline int32_t upyml_ring_size(const upyml_window *p) {
    return p->order == UPYML_ORDER_DISJOINT ? 0 : upyml_ring_rows(p) * p->in_w * p->in_c;
}

static inline void upyml_rows_begin(upyml_rows *rows, const upyml_window *p, const int8_t *input, uint8_t *scratch) {
    rows->input = (const uint8_t *)input;
    rows->ring = p->order == UPYML_ORDER_DISJOINT ? NULL : scratch;
    rows->ring_rows = upyml_ring_rows(p);
    rows->row_bytes = p->in_w * p->in_c;
    rows->reverse = p->order == UPYML_ORDER_REVERSE;
    rows->loaded_first = rows->loaded_end = rows->reverse ? p->in_h : 0;
}

// The output row that comes `step`-th.
static inline int32_t upyml_rows_output(const upyml_rows *rows, const upyml_window *p, int32_t step) {
    return rows->reverse ? p->out_h - 1 - step : step;
}

static inline const int8_t *upyml_row(const upyml_rows *rows, int32_t y) {
    const uint8_t *row = rows->ring ? rows->ring + y % rows->ring_rows * rows->row_bytes
                                    : rows->input + y * rows->row_bytes;
    return (const int8_t *)row;
}

// Makes the rows that output row oy reads ready. Call before writing anything of it.
static inline void upyml_rows_load(upyml_rows *rows, const upyml_window *p, int32_t oy) {
    if (!rows->ring) {
        return;
    }
    int32_t first = oy * p->stride_h - p->pad_top;
    int32_t end = first + (p->kernel_h - 1) * p->dilation_h + 1;
    first = first < 0 ? 0 : first;
    end = end > p->in_h ? p->in_h : end;
    int32_t from = rows->reverse ? first : first > rows->loaded_end ? first : rows->loaded_end;
    int32_t to = rows->reverse ? (end < rows->loaded_first ? end : rows->loaded_first) : end;
    for (int32_t y = from; y < to; y++) {
        memcpy(rows->ring + y % rows->ring_rows * rows->row_bytes, rows->input + y * rows->row_bytes,
            (size_t)rows->row_bytes);
    }
    if (to > from) {
        rows->loaded_first = rows->reverse ? from : rows->loaded_first;
        rows->loaded_end = rows->reverse ? rows->loaded_end : to;
    }
}

// One output pixel: all channels of (oy, ox), written to `output`.
typedef void (*upyml_pixel)(const upyml_window *p, const upyml_rows *rows, int32_t oy, int32_t ox, int8_t *output);

// The whole output, row by row in the plan's order.
static inline void upyml_each_pixel(const upyml_window *p, const int8_t *input, int8_t *output, uint8_t *scratch,
    upyml_pixel pixel) {
    upyml_rows rows;
    upyml_rows_begin(&rows, p, input, scratch);
    for (int32_t step = 0; step < p->out_h; step++) {
        int32_t oy = upyml_rows_output(&rows, p, step);
        upyml_rows_load(&rows, p, oy);
        for (int32_t ox = 0; ox < p->out_w; ox++) {
            pixel(p, &rows, oy, ox, output + (oy * p->out_w + ox) * p->out_c);
        }
    }
}

#endif
