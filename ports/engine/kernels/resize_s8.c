#include <string.h>

#include "../kernels.h"
#include "../load.h"

void upyml_resize_nearest_s8(const upyml_window *p, const uint8_t *rows, const uint8_t *columns, const int8_t *input,
    int8_t *output) {
    for (int32_t y = 0; y < p->out_h; y++) {
        const int8_t *row = input + (int32_t)upyml_load16(rows + 2 * y) * p->in_w * p->in_c;
        for (int32_t x = 0; x < p->out_w; x++) {
            const int8_t *pixel = row + (int32_t)upyml_load16(columns + 2 * x) * p->in_c;
            memmove(output, pixel, (size_t)p->in_c);
            output += p->in_c;
        }
    }
}

// Positions between two input rows (columns) with ten fractional bits, as TFLite's integer version has them.
typedef struct {
    int32_t low, high;  // the two neighbours
    int32_t fraction;  // 0 to 1023 on the way from low to high; outside that range both are the same
} between;

static between place(int32_t out, int32_t scale, int32_t count, int half_pixel_centers) {
    int32_t position = half_pixel_centers ? out * scale + (scale >> 1) - 512 : out * scale, last = count - 1;
    between b = {position / 1024, (position + 1023) / 1024, 0};
    b.low = b.low < 0 ? 0 : b.low > last ? last : b.low;  // a rounded-up scale may lead beyond the last row
    b.high = b.high > last ? last : b.high;
    b.fraction = position - b.low * 1024;
    return b;
}

static int32_t scale_of(int32_t in, int32_t out, int align_corners) {
    if (align_corners && out > 1) {
        return (1024 * (in - 1) + (out - 1) / 2) / (out - 1);
    }
    return (1024 * in + out / 2) / out;
}

// x / 2^20, half away from zero.
static int32_t rounded(int32_t x) {
    return (x + (1 << 19) - (x <= 0)) >> 20;
}

void upyml_resize_bilinear_s8(const upyml_window *p, int align_corners, int half_pixel_centers, const int8_t *input,
    int8_t *output) {
    int32_t scale_y = scale_of(p->in_h, p->out_h, align_corners), scale_x = scale_of(p->in_w, p->out_w, align_corners);
    for (int32_t y = 0; y < p->out_h; y++) {
        between v = place(y, scale_y, p->in_h, half_pixel_centers);
        uint32_t above = (uint32_t)(1024 - v.fraction), below = (uint32_t)v.fraction;
        const int8_t *upper = input + v.low * p->in_w * p->in_c, *lower = input + v.high * p->in_w * p->in_c;
        for (int32_t x = 0; x < p->out_w; x++) {
            between h = place(x, scale_x, p->in_w, half_pixel_centers);
            // In units of 2^-20, together 1. Where a fraction lies outside 0 to 1023 they may wrap, but their rows
            // (columns) are the same then and the sum of products is right again: below 2^28 in size.
            uint32_t low = (uint32_t)(1024 - h.fraction), high = (uint32_t)h.fraction;
            uint32_t weights[4] = {above * low, above * high, below * low, below * high};
            const int8_t *corners[4] = {
                upper + h.low * p->in_c, upper + h.high * p->in_c, lower + h.low * p->in_c, lower + h.high * p->in_c,
            };
            for (int32_t c = 0; c < p->in_c; c++) {
                uint32_t sum = 0;
                for (int i = 0; i < 4; i++) {
                    sum += weights[i] * (uint32_t)corners[i][c];
                }
                *output++ = (int8_t)rounded((int32_t)sum);
            }
        }
    }
}
