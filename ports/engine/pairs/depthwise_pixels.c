// Four channels at a time, as their weights lie in the file; each channel's sum by products of single values, 9 to 11 cycles each
// on a Cortex-M0+. See depthwise_pixels.h.
#include "depthwise_pixels.h"

#include "../rows.h"
#include "../weights.h"
#include "load_word.h"
#include "requantization.h"

enum { MOST_PIXELS = 4 };

// Elements from one place of a window to the next; 0 where they differ.
static int32_t step(const upyml_window *p) {
    if (p->kernel_w == 1) {
        return p->dilation_h * p->in_w * p->in_c;
    }
    int dense = p->dilation_h == 1 && p->dilation_w == 1 && p->kernel_w == p->in_w;
    return p->kernel_h == 1 || dense ? p->dilation_w * p->in_c : 0;
}

int upyml_depthwise_takes_pixels(const upyml_window *p) {
    int32_t rows = p->end_row - p->first_row;
    if (p->order != UPYML_ORDER_DISJOINT || rows > MOST_PIXELS || p->out_w > MOST_PIXELS / rows || p->multiplier != 1
        || p->pad_top != 0 || p->pad_left != 0 || p->in_ring != p->in_h || p->out_ring != p->out_h) {
        return 0;
    }
    int32_t bottom = (p->out_h - 1) * p->stride_h + upyml_reach(p);
    int32_t right = (p->out_w - 1) * p->stride_w + (p->kernel_w - 1) * p->dilation_w + 1;
    return bottom <= p->in_h && right <= p->in_w && step(p) != 0;
}

// The sum of one channel's products. w: its first word in the block; the weights behind the last one are zeros of the file's,
// whose x is not read.
static int32_t sum(const int8_t *x, int32_t x_step, const uint8_t *w, int32_t count, int32_t accumulator) {
    uint32_t acc = (uint32_t)accumulator;  // wraps
    for (; count >= 4; count -= 4, w += 16) {
        uint32_t word = (uint32_t)upyml_load_word(w);
        acc += (uint32_t)(*x * ((int32_t)(word >> 16 & 255) - 128));
        x += x_step;
        acc += (uint32_t)(*x * ((int32_t)(word & 255) - 128));
        x += x_step;
        acc += (uint32_t)(*x * ((int32_t)(word >> 24) - 128));
        x += x_step;
        acc += (uint32_t)(*x * ((int32_t)(word >> 8 & 255) - 128));
        x += x_step;
    }
    for (int32_t k = 0; k < count; k++, x += x_step) {
        acc += (uint32_t)(*x * upyml_weight(w, k, 0));
    }
    return (int32_t)acc;
}

void upyml_depthwise_pixels(const upyml_window *p, const int8_t *input, int8_t *output) {
    upyml_channels channels = upyml_read_channels(p->channels, p->out_c, 1);
    int32_t count = p->kernel_h * p->kernel_w, block_bytes = ((count + 3) & ~3) * 4, x_step = step(p);
    for (int32_t oy = p->first_row; oy < p->end_row; oy++) {
        for (int32_t ox = 0; ox < p->out_w; ox++) {
            const int8_t *x = input + (oy * p->stride_h * p->in_w + ox * p->stride_w) * p->in_c;
            int8_t *y = output + (oy * p->out_w + ox) * p->out_c;
            for (int32_t channel = 0; channel < p->out_c; channel++) {
                const uint8_t *w = p->weights + (channel >> 2) * block_bytes + (channel & 3) * 4;
                int32_t acc = sum(x + channel, x_step, w, count, upyml_load_word(channels.bias + 4 * channel));
                int32_t multiplier = upyml_load_word(channels.multipliers + 4 * channel);
                acc = upyml_requantize_one(acc, multiplier, channels.shifts[channel]);
                y[channel] = (int8_t)upyml_clamp(upyml_add_wrapped(acc, p->out_zero_point), p->clamp_min, p->clamp_max);
            }
        }
    }
}
