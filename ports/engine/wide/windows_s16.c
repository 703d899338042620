// Convolution, depthwise convolution, dense layer and pools of 16-bit activations. What lies outside of the image is 0.
#include "../pool.h"
#include "../weights.h"
#include "wide.h"

static const uint8_t *pixel(const upyml_window *p, const uint8_t *input, int32_t y, int32_t x) {
    return input + 2 * (y * p->in_w + x) * p->in_c;
}

// The columns [from, to) of the kernel that lie in the image.
static void columns_inside(const upyml_window *p, int32_t ix, int32_t *from, int32_t *to) {
    int32_t kx = 0, end = p->kernel_w;
    while (kx < end && ix + kx * p->dilation_w < 0) {
        kx++;
    }
    while (end > kx && ix + (end - 1) * p->dilation_w >= p->in_w) {
        end--;
    }
    *from = kx;
    *to = end;
}

void upyml_conv2d_s16(const upyml_window *p, const upyml_wide_channels *c, const uint8_t *input, uint8_t *output) {
    int32_t block_row = ((p->kernel_w * p->in_c + 3) & ~3) * 4, block_bytes = p->kernel_h * block_row;
    for (int32_t oy = 0; oy < p->out_h; oy++) {
        for (int32_t ox = 0; ox < p->out_w; ox++, output += 2 * p->out_c) {
            int32_t top = oy * p->stride_h - p->pad_top, left = ox * p->stride_w - p->pad_left, from, to;
            columns_inside(p, left, &from, &to);
            const uint8_t *block = p->weights;
            for (int32_t channel = 0; channel < p->out_c; channel += 4, block += block_bytes) {
                int64_t acc[4];
                upyml_wide_start(c, channel, acc);
                for (int32_t ky = 0; ky < p->kernel_h; ky++) {
                    int32_t iy = top + ky * p->dilation_h;
                    if (iy < 0 || iy >= p->in_h || from == to) {
                        continue;
                    }
                    const uint8_t *row = block + ky * block_row;
                    if (p->dilation_w == 1) {
                        upyml_wide_dot(acc, row, from * p->in_c, pixel(p, input, iy, left + from), (to - from) * p->in_c);
                        continue;
                    }
                    for (int32_t kx = from; kx < to; kx++) {
                        upyml_wide_dot(acc, row, kx * p->in_c, pixel(p, input, iy, left + kx * p->dilation_w), p->in_c);
                    }
                }
                upyml_wide_finish(c, channel, p->out_c, acc, output);
            }
        }
    }
}

void upyml_depthwise_conv2d_s16(const upyml_window *p, const upyml_wide_channels *c, const uint8_t *input, uint8_t *output) {
    int32_t block_bytes = ((p->kernel_h * p->kernel_w + 3) & ~3) * 4;
    for (int32_t oy = 0; oy < p->out_h; oy++) {
        for (int32_t ox = 0; ox < p->out_w; ox++, output += 2 * p->out_c) {
            int32_t top = oy * p->stride_h - p->pad_top, left = ox * p->stride_w - p->pad_left, from, to;
            columns_inside(p, left, &from, &to);
            const uint8_t *block = p->weights;
            for (int32_t group = 0; group < p->out_c; group += 4, block += block_bytes) {
                int64_t acc[4];
                upyml_wide_start(c, group, acc);
                for (int32_t i = 0; i < 4 && group + i < p->out_c; i++) {
                    int32_t in_channel = (group + i) / p->multiplier;
                    for (int32_t ky = 0; ky < p->kernel_h; ky++) {
                        int32_t iy = top + ky * p->dilation_h;
                        for (int32_t kx = from; kx < to && iy >= 0 && iy < p->in_h; kx++) {
                            const uint8_t *x = pixel(p, input, iy, left + kx * p->dilation_w) + 2 * in_channel;
                            int32_t product = upyml_load_int16(x) * upyml_weight(block, ky * p->kernel_w + kx, i);
                            acc[i] = (int64_t)((uint64_t)acc[i] + (uint64_t)(int64_t)product);
                        }
                    }
                }
                upyml_wide_finish(c, group, p->out_c, acc, output);
            }
        }
    }
}

void upyml_fully_connected_s16(const upyml_fully_connected *p, const upyml_wide_channels *c, const uint8_t *input,
    uint8_t *output) {
    for (int32_t row = 0; row < p->rows; row++, input += 2 * p->in_c, output += 2 * p->out_c) {
        upyml_wide_row(p->weights, c, 0, p->out_c, input, p->in_c, output);
    }
}

void upyml_pool_s16(const upyml_window *p, int average, const uint8_t *input, uint8_t *output) {
    for (int32_t oy = 0; oy < p->out_h; oy++) {
        for (int32_t ox = 0; ox < p->out_w; ox++) {
            upyml_box b = upyml_window_box(p, oy, ox);
            for (int32_t c = 0; c < p->out_c; c++, output += 2) {
                int32_t most = INT16_MIN, sum = 0;
                for (int32_t y = b.y; y < b.y_end; y++) {
                    for (int32_t x = b.x; x < b.x_end; x++) {
                        int32_t value = upyml_load_int16(pixel(p, input, y, x) + 2 * c);
                        most = value > most ? value : most;
                        sum += value;
                    }
                }
                int32_t made = average ? upyml_rounded_average(sum, (b.y_end - b.y) * (b.x_end - b.x)) : most;
                upyml_store16(output, (uint32_t)upyml_clamp(made, p->clamp_min, p->clamp_max));
            }
        }
    }
}
