// What is done with a block of a convolution, whatever the coding of its weights. sparse: they are, a constant where it is
// called.
#ifndef UPYML_RISCV_CONV2D_CHANNELS_H
#define UPYML_RISCV_CONV2D_CHANNELS_H

#include "../pairs/load_word.h"
#include "conv2d_dot.h"

// Biases and requantization of the block whose first channel this is.
static inline void upyml_conv2d_prepare_channels(upyml_conv2d *c, int32_t channel) {
    const uint8_t *bias = c->channels.bias + 4 * channel;
    int32_t count = c->p->out_c - channel < 4 ? c->p->out_c - channel : 4, at = channel * c->channels.step;
    c->block.plain = count < 4;
    for (int32_t i = 0; i < count; i++, at += c->channels.step) {
        c->block.bias[i] = upyml_load_word(bias + 4 * i);
        upyml_prepare_channel(&c->block.q[i], upyml_load_word(c->channels.multipliers + 4 * at), c->channels.shifts[at],
            c->channels.bits[at]);
        c->block.plain |= c->block.q[i].plain;
    }
}

static inline void upyml_conv2d_make(const upyml_conv2d_line_dot *dot, int sparse) {
    if (sparse) {
        upyml_conv2d_sparse_dot(dot);
    } else {
        upyml_conv2d_dot(dot);
    }
}

// Four pixels at a time by way of memory: channels that are plain, or fewer than four.
static inline void upyml_conv2d_run_plain(upyml_conv2d_line_dot dot, int32_t channels, int sparse) {
    int32_t accumulators[4 * 4];
    dot.accumulators = accumulators;
    for (int32_t left = dot.count; left > 0; left -= 4) {
        dot.count = left < 4 ? left : 4;
        upyml_conv2d_make(&dot, sparse);
        for (int32_t i = 0; i < channels; i++) {
            upyml_requantize_prepared(accumulators + i, dot.output + i, &dot.block->q[i], dot.count, 16, dot.out_step);
        }
        dot.x += dot.pixel_step;  // four pixels' bytes, in words
        dot.output += 4 * dot.out_step;
    }
}

// The block's channels of a line.
static inline void upyml_conv2d_run_dot(const upyml_conv2d *c, const upyml_conv2d_line_dot *dot, int32_t channel, int sparse) {
    if (c->block.plain) {
        upyml_conv2d_run_plain(*dot, c->p->out_c - channel < 4 ? c->p->out_c - channel : 4, sparse);
    } else {
        upyml_conv2d_make(dot, sparse);
    }
}

#endif
