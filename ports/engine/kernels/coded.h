// Convolution with weights of four bits, or with sparse ones, value by value: what the codings mean. For the plain kernels,
// and for CPUs that have nothing faster; a fully connected layer is a pointwise convolution of an image of one column.
#ifndef UPYML_KERNELS_CODED_H
#define UPYML_KERNELS_CODED_H

#include "../ops.h"
#include "../rows.h"
#include "../weights.h"
#include "../weights_int4.h"
#include "../weights_sparse.h"

// The window of one output pixel: its first row and column in the image.
typedef struct {
    const upyml_window *p;
    const upyml_rows *rows;
    int32_t iy, ix;
} upyml_coded_pixel;

// Input of kernel row ky: its place k, counted column by column and in it channel by channel. Nothing, 0, beyond the last.
static inline int32_t upyml_coded_input(const upyml_coded_pixel *pixel, int32_t ky, int32_t k) {
    const upyml_window *p = pixel->p;
    int32_t kx = k / p->in_c, y = pixel->iy + ky * p->dilation_h, x = pixel->ix + kx * p->dilation_w;
    if (kx >= p->kernel_w) {
        return 0;
    }
    int inside = y >= 0 && y < p->in_h && x >= 0 && x < p->in_w;
    return inside ? upyml_row(pixel->rows, y)[x * p->in_c + k % p->in_c] : p->in_zero_point;
}

// Adds what block `number` of four channels makes of a pixel's window.
static inline void upyml_add_int4(const upyml_coded_pixel *pixel, int32_t number, int32_t acc[4]) {
    int32_t run = pixel->p->kernel_w * pixel->p->in_c, row_bytes = upyml_int4_groups(run) * UPYML_INT4_GROUP_BYTES;
    const uint8_t *row = pixel->p->weights + number * pixel->p->kernel_h * row_bytes;
    for (int32_t ky = 0; ky < pixel->p->kernel_h; ky++, row += row_bytes) {
        for (int32_t k = 0; k < run; k++) {
            int32_t x = upyml_coded_input(pixel, ky, k);
            for (int channel = 0; channel < 4; channel++) {
                acc[channel] = upyml_add_wrapped(acc[channel], x * upyml_weight_int4(row, k, channel));
            }
        }
    }
}

static inline void upyml_add_sparse(const upyml_coded_pixel *pixel, int32_t number, int32_t acc[4]) {
    int32_t row_pairs = (pixel->p->kernel_w * pixel->p->in_c + 1) >> 1;
    const uint8_t *group = upyml_sparse_block(pixel->p->weights, number);
    int32_t count = 2 * upyml_sparse_groups(pixel->p->weights, number);
    for (int32_t i = 0; i < count; i++, group += i & 1 ? 0 : UPYML_SPARSE_GROUP_BYTES) {
        int32_t pair = upyml_sparse_place(group, i & 1) >> 2, ky = pair / row_pairs, k = 2 * (pair % row_pairs);
        int32_t x0 = upyml_coded_input(pixel, ky, k), x1 = upyml_coded_input(pixel, ky, k + 1);
        for (int channel = 0; channel < 4; channel++) {
            acc[channel] = upyml_add_wrapped(acc[channel], x0 * upyml_sparse_weight(group, i & 1, channel, 0)
                + x1 * upyml_sparse_weight(group, i & 1, channel, 1));
        }
    }
}

// As upyml_conv2d_s8. per_channel 0: all channels have the first one's multiplier.
static inline void upyml_conv2d_coded(const upyml_window *p, int per_channel, const int8_t *input, int8_t *output,
    uint8_t *scratch) {
    upyml_channels channels = upyml_read_channels(p->channels, p->out_c, per_channel);
    upyml_rows rows;
    upyml_rows_begin(&rows, p, input, scratch);
    for (int32_t step = 0; step < p->end_row - p->first_row; step++) {
        int32_t oy = upyml_rows_output(&rows, p, step);
        upyml_rows_load(&rows, p, oy);
        int8_t *y = output + upyml_slot(oy, p->out_ring) * p->out_w * p->out_c;
        upyml_coded_pixel pixel = {p, &rows, oy * p->stride_h - p->pad_top, -p->pad_left};
        for (int32_t ox = 0; ox < p->out_w; ox++, y += p->out_c, pixel.ix += p->stride_w) {
            for (int32_t channel = 0; channel < p->out_c; channel += 4) {
                int32_t acc[4];
                upyml_start(&channels, channel, acc);
                if (UPYML_HAS(SPARSE) && p->coding == UPYML_CODING_SPARSE) {
                    upyml_add_sparse(&pixel, channel >> 2, acc);
                } else if (UPYML_HAS(INT4)) {
                    upyml_add_int4(&pixel, channel >> 2, acc);
                }
                upyml_finish(&channels, channel, p->out_c, acc, p->out_zero_point, p->clamp_min, p->clamp_max, y);
            }
        }
    }
}

// Whether weights are such ones, in a build that may have them.
static inline int upyml_is_coded(int coding) {
    return UPYML_HAS_CODINGS && coding != UPYML_CODING_INT8;
}

#endif
