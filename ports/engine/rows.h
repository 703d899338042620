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
    int32_t ring_rows, row_bytes, in_ring;
    int32_t loaded_first, loaded_end;  // rows copied so far
    int reverse;
} upyml_rows;

// Where row y of a tensor lies that has room for `ring` rows, in rows. Whole tensors, the usual case, need no division.
static inline int32_t upyml_slot(int32_t y, int32_t ring) {
    return y < ring ? y : y % ring;
}

// Input rows from the first to the last that one output row reads.
static inline int32_t upyml_reach(const upyml_window *p) {
    return (p->kernel_h - 1) * p->dilation_h + 1;
}

// A 1x1 convolution with stride 1, which may be taken pixel by pixel.
static inline int upyml_is_pointwise(const upyml_window *p) {
    return p->kernel_h == 1 && p->kernel_w == 1 && p->stride_h == 1 && p->stride_w == 1 && p->pad_top == 0
        && p->pad_left == 0 && p->in_h == p->out_h && p->in_w == p->out_w;
}

// The same convolution over an image of one column: its rows are the pixels, also those of a ring.
static inline upyml_window upyml_by_pixel(const upyml_window *p) {
    upyml_window flat = *p;
    flat.in_h = flat.out_h = p->in_h * p->in_w;
    flat.in_ring = p->in_ring * p->in_w;
    flat.out_ring = p->out_ring * p->in_w;
    flat.first_row = p->first_row * p->in_w;
    flat.end_row = p->end_row * p->in_w;
    flat.in_w = flat.out_w = 1;
    return flat;
}

// A fully connected layer as a pointwise convolution of an image of one column, whose rows are the pixels.
static inline upyml_window upyml_rows_as_pixels(const upyml_fully_connected *p) {
    upyml_window pixels = {
        .in_h = p->rows, .in_w = 1, .in_c = p->in_c,
        .out_h = p->rows, .out_w = 1, .out_c = p->out_c,
        .kernel_h = 1, .kernel_w = 1, .stride_h = 1, .stride_w = 1, .dilation_h = 1, .dilation_w = 1,
        .out_zero_point = p->out_zero_point, .clamp_min = p->clamp_min, .clamp_max = p->clamp_max,
        .multiplier = 1, .order = p->order, .end_row = p->rows, .in_ring = p->rows, .out_ring = p->rows,
        .coding = p->coding, .pairs = p->pairs,
        .scratch_size = p->scratch_size, .weights = p->weights, .channels = p->channels,
    };
    return pixels;
}

static inline int32_t upyml_ring_rows(const upyml_window *p) {
    int32_t reach = upyml_reach(p);
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
    rows->in_ring = p->in_ring;
    rows->reverse = p->order == UPYML_ORDER_REVERSE;
    rows->loaded_first = rows->loaded_end = rows->reverse ? p->in_h : 0;
}

// The output row that comes `step`-th.
static inline int32_t upyml_rows_output(const upyml_rows *rows, const upyml_window *p, int32_t step) {
    return rows->reverse ? p->end_row - 1 - step : p->first_row + step;
}

static inline const int8_t *upyml_row(const upyml_rows *rows, int32_t y) {
    const uint8_t *row = rows->ring ? rows->ring + y % rows->ring_rows * rows->row_bytes
                                    : rows->input + upyml_slot(y, rows->in_ring) * rows->row_bytes;
    return (const int8_t *)row;
}

// Makes the rows that output row oy reads ready. Call before writing anything of it.
static inline void upyml_rows_load(upyml_rows *rows, const upyml_window *p, int32_t oy) {
    if (!rows->ring) {
        return;
    }
    int32_t first = oy * p->stride_h - p->pad_top;
    int32_t end = first + upyml_reach(p);
    first = first < 0 ? 0 : first;
    end = end > p->in_h ? p->in_h : end;
    int32_t from = rows->reverse ? first : first > rows->loaded_end ? first : rows->loaded_end;
    int32_t to = rows->reverse ? (end < rows->loaded_first ? end : rows->loaded_first) : end;
    for (int32_t y = from; y < to; y++) {
        memcpy(rows->ring + y % rows->ring_rows * rows->row_bytes,
            rows->input + upyml_slot(y, rows->in_ring) * rows->row_bytes, (size_t)rows->row_bytes);
    }
    if (to > from) {
        rows->loaded_first = rows->reverse ? from : rows->loaded_first;
        rows->loaded_end = rows->reverse ? rows->loaded_end : to;
    }
}

// One output pixel: all channels of (oy, ox), written to `output`.
typedef void (*upyml_pixel)(const upyml_window *p, const upyml_rows *rows, int32_t oy, int32_t ox, int8_t *output);

// The output rows asked for, one by one in the plan's order. Inline, so that no function has its address taken: mpy_ld.py
// (1.25.0) mixes up those of two files in native modules for Xtensa.
static inline void upyml_each_pixel(const upyml_window *p, const int8_t *input, int8_t *output, uint8_t *scratch,
    upyml_pixel pixel) {
    upyml_rows rows;
    upyml_rows_begin(&rows, p, input, scratch);
    for (int32_t step = 0; step < p->end_row - p->first_row; step++) {
        int32_t oy = upyml_rows_output(&rows, p, step);
        upyml_rows_load(&rows, p, oy);
        int8_t *row = output + upyml_slot(oy, p->out_ring) * p->out_w * p->out_c;
        for (int32_t ox = 0; ox < p->out_w; ox++) {
            pixel(p, &rows, oy, ox, row + ox * p->out_c);
        }
    }
}

#endif
