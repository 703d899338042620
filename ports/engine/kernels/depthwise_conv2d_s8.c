#include "../rows.h"
#include "../weights.h"

static int32_t block_bytes(const upyml_window *p) {
    return ((p->kernel_h * p->kernel_w + 3) & ~3) * 4;
}

// Adds one window of one input channel to acc. channel: place of the output channel in its block of four.
static int32_t window_sum(const upyml_window *p, const upyml_rows *rows, int32_t oy, int32_t ox, int32_t in_channel,
    const uint8_t *block, int channel, int32_t acc) {
    int32_t k = 0, iy = oy * p->stride_h - p->pad_top;
    for (int32_t ky = 0; ky < p->kernel_h; ky++, iy += p->dilation_h) {
        const int8_t *row = iy >= 0 && iy < p->in_h ? upyml_row(rows, iy) + in_channel : NULL;
        int32_t ix = ox * p->stride_w - p->pad_left;
        for (int32_t kx = 0; kx < p->kernel_w; kx++, k++, ix += p->dilation_w) {
            int32_t x = row && ix >= 0 && ix < p->in_w ? row[ix * p->in_c] : p->in_zero_point;
            acc = upyml_add_wrapped(acc, x * upyml_weight(block, k, channel));
        }
    }
    return acc;
}

static void output_pixel(const upyml_window *p, const upyml_rows *rows, int32_t oy, int32_t ox, int8_t *output) {
    upyml_channels channels = upyml_read_channels(p->channels, p->out_c, 1);
    const uint8_t *block = p->weights;
    for (int32_t group = 0; group < p->out_c; group += 4, block += block_bytes(p)) {
        int32_t acc[4];
        upyml_start(&channels, group, acc);
        for (int32_t i = 0; i < 4 && group + i < p->out_c; i++) {
            acc[i] = window_sum(p, rows, oy, ox, (group + i) / p->multiplier, block, i, acc[i]);
        }
        upyml_finish(&channels, group, p->out_c, acc, p->out_zero_point, p->clamp_min, p->clamp_max, output);
    }
}

// Order PLANE: one channel after another, and in it row after row, each copied to a ring in scratch before output is
// written over it.
static void by_planes(const upyml_window *p, const int8_t *input, int8_t *output, uint8_t *scratch) {
    upyml_window plane = *p;
    plane.in_c = 1;
    plane.order = UPYML_ORDER_FORWARD;
    upyml_rows rows;
    upyml_channels channels = upyml_read_channels(p->channels, p->out_c, 1);
    for (int32_t c = 0; c < p->in_c; c++) {
        const uint8_t *block = p->weights + (c >> 2) * block_bytes(p);
        int32_t bias = upyml_load_int32(channels.bias + 4 * c), loaded = 0;
        upyml_rows_begin(&rows, &plane, NULL, scratch);
        for (int32_t oy = 0; oy < p->out_h; oy++) {
            int32_t end = oy * p->stride_h - p->pad_top + upyml_reach(p);
            for (end = end < p->in_h ? end : p->in_h; loaded < end; loaded++) {
                uint8_t *row = rows.ring + loaded % rows.ring_rows * p->in_w;
                for (int32_t x = 0; x < p->in_w; x++) {
                    row[x] = (uint8_t)input[(loaded * p->in_w + x) * p->in_c + c];
                }
            }
            for (int32_t ox = 0; ox < p->out_w; ox++) {
                int32_t acc[4] = {window_sum(&plane, &rows, oy, ox, 0, block, c & 3, bias), 0, 0, 0};
                upyml_finish(&channels, c, c + 1, acc, p->out_zero_point, p->clamp_min, p->clamp_max,
                    output + (oy * p->out_w + ox) * p->out_c);
            }
        }
    }
}

void upyml_depthwise_conv2d_s8(const upyml_window *p, const int8_t *input, int8_t *output, uint8_t *scratch) {
    if (p->order == UPYML_ORDER_PLANE) {
        by_planes(p, input, output, scratch);
    } else {
        upyml_each_pixel(p, input, output, scratch, output_pixel);
    }
}

int32_t upyml_depthwise_conv2d_s8_scratch_size(const upyml_window *p, int32_t strip) {
    (void)strip;
    return p->order == UPYML_ORDER_PLANE ? upyml_ring_rows(p) * p->in_w : upyml_ring_size(p);
}
