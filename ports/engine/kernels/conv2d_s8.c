#include "../rows.h"
#include "../weights.h"
#include "coded.h"

// Adds one kernel row for one block of four channels, where the window's columns may leave the image.
static void add_edge_row(const upyml_window *p, int32_t acc[4], const uint8_t *block, const int8_t *row, int32_t ix) {
    int32_t k = 0;
    for (int32_t kx = 0; kx < p->kernel_w; kx++, ix += p->dilation_w) {
        const int8_t *x = row && ix >= 0 && ix < p->in_w ? row + ix * p->in_c : NULL;
        for (int32_t c = 0; c < p->in_c; c++, k++) {
            int32_t value = x ? x[c] : p->in_zero_point;
            for (int channel = 0; channel < 4; channel++) {
                acc[channel] = upyml_add_wrapped(acc[channel], value * upyml_weight(block, k, channel));
            }
        }
    }
}

static void output_pixel(const upyml_window *p, const upyml_rows *rows, int32_t oy, int32_t ox, int8_t *output) {
    upyml_channels channels = upyml_read_channels(p->channels, p->out_c, 1);
    int32_t run = p->kernel_w * p->in_c, block_row = ((run + 3) & ~3) * 4;
    int32_t ix = ox * p->stride_w - p->pad_left;
    int inside = ix >= 0 && ix + (p->kernel_w - 1) * p->dilation_w < p->in_w && (p->dilation_w == 1 || p->kernel_w == 1);
    const uint8_t *block = p->weights;
    for (int32_t channel = 0; channel < p->out_c; channel += 4) {
        int32_t acc[4];
        upyml_start(&channels, channel, acc);
        int32_t iy = oy * p->stride_h - p->pad_top;
        for (int32_t ky = 0; ky < p->kernel_h; ky++, iy += p->dilation_h, block += block_row) {
            const int8_t *row = iy >= 0 && iy < p->in_h ? upyml_row(rows, iy) : NULL;
            if (row && inside) {
                upyml_dot_run(acc, block, row + ix * p->in_c, run);
            } else {
                add_edge_row(p, acc, block, row, ix);
            }
        }
        upyml_finish(&channels, channel, p->out_c, acc, p->out_zero_point, p->clamp_min, p->clamp_max, output);
    }
}

void upyml_conv2d_s8(const upyml_window *p, const int8_t *input, int8_t *output, uint8_t *scratch) {
    upyml_window flat;
    if (p->order != UPYML_ORDER_DISJOINT && upyml_is_pointwise(p)) {  // a plan may overlap it pixel by pixel
        flat = upyml_by_pixel(p);
        p = &flat;
    }
    if (upyml_is_coded(p->coding)) {
        upyml_conv2d_coded(p, 1, input, output, scratch);
    } else {
        upyml_each_pixel(p, input, output, scratch, output_pixel);
    }
}

int32_t upyml_conv2d_s8_scratch_size(const upyml_window *p, int32_t strip) {
    (void)strip;  // one unit after another
    if (p->order != UPYML_ORDER_DISJOINT && upyml_is_pointwise(p)) {
        return p->in_c;
    }
    return upyml_ring_size(p);
}
