// A transposed convolution with strides, as many ordinary ones: an output pixel (y, x) reads only those weights whose place
// is alike modulo the stride, so the pixels with one y % stride_h and x % stride_w are an ordinary convolution of the
// input with these weights, mirrored. No product with an inserted zero is ever made, and the convolutions are the CPU's
// fast ones. Each makes its rows in scratch, some at a time, from where the pixels go to their places.
#include <string.h>

#include "../rows.h"
#include "math.h"

static int32_t filled_up(int32_t bytes) {
    return (bytes + 3) & ~3;
}

static int32_t ring_bytes(const upyml_window *w, int32_t strip) {
    return filled_up(w->out_w * w->out_c * strip);
}

int32_t upyml_phase_scratch_size(const upyml_phase *phase, int32_t strip) {
    upyml_window w = phase->window;
    w.out_ring = strip;
    int64_t size = (int64_t)ring_bytes(&w, strip) + upyml_conv2d_s8_scratch_size(&w, 1);
    return size < INT32_MAX ? (int32_t)size : INT32_MAX;
}

// Lays `count` pixels side by side into every stride-th pixel of a row.
static void spread(const int8_t *pixels, int8_t *row, int32_t count, int32_t channels, int32_t stride) {
    for (; count > 0; count--, row += stride * channels) {
        if (channels > 8) {
            memcpy(row, pixels, (size_t)channels);
            pixels += channels;
            continue;
        }
        for (int32_t c = 0; c < channels; c++) {  // a call costs more than a few bytes
            row[c] = *pixels++;
        }
    }
}

void upyml_run_phase(const upyml_transpose_conv2d *p, upyml_phase *phase, const int8_t *input, int8_t *output,
    uint8_t *scratch, int32_t scratch_size) {
    upyml_window *w = &phase->window;
    int32_t rows = w->out_h, strip = rows;
    // As large strips as there is room for, with a part of it for the convolution's own.
    while (strip > 1) {
        upyml_window tried = *w;
        tried.out_ring = strip;
        if (ring_bytes(w, strip) <= scratch_size - upyml_conv2d_s8_scratch_size(&tried, strip)) {
            break;
        }
        strip = (strip + 1) >> 1;
    }
    int8_t *ring = (int8_t *)scratch;
    int32_t taken = ring_bytes(w, strip);
    w->out_ring = strip;
    w->scratch_size = scratch_size - taken;
    for (int32_t first = 0; first < rows; first += strip) {
        w->first_row = first;
        w->end_row = first + strip < rows ? first + strip : rows;
        upyml_conv2d_s8(w, input, ring, scratch + taken);
        for (int32_t y = first; y < w->end_row; y++) {
            int8_t *row = output + ((y * p->stride_h + phase->row) * p->out_w + phase->column) * p->out_c;
            spread(ring + (y - first) * w->out_w * w->out_c, row, w->out_w, p->out_c, p->stride_w);
        }
    }
}
