// A block of a convolution: its weights are expanded, then the accumulators of a line of pixels are made and requantized.
#include "conv2d_block.h"

#include "load_word.h"

// The CPU's.
void upyml_conv2d_dot(const int32_t *weights, const int32_t *x, int32_t *accumulators, int32_t count,
    const int32_t bias[4], int32_t pixel_step, int32_t words, int32_t segments, int32_t segment_step);
void upyml_expand_weights(const uint8_t *weights, int32_t *words, int32_t quads);

// The same as upyml_expand_weights for weights that do not start on a word.
static void expand_bytes(const uint8_t *weights, int32_t *words, int32_t quads) {
    for (int32_t k = 0; k < 4 * quads; k += 2) {
        for (int channel = 0; channel < 4; channel++) {
            *words++ = upyml_weight_pair(upyml_weight(weights, k, channel), upyml_weight(weights, k + 1, channel));
        }
    }
}

void upyml_conv2d_begin_blocks(upyml_conv2d *c) {
    for (int i = 0; i < 4; i++) {
        upyml_prepare_range(&c->block.q[i], c->p->out_zero_point, c->p->clamp_min, c->p->clamp_max);
    }
}

// Weights, biases and requantization. The weights lie in runs of a kernel row: an odd run's last word has k that there are
// not and is written over by the next run, or by accumulators.
void upyml_conv2d_prepare_block(upyml_conv2d *c, const uint8_t *block, int32_t channel) {
    int32_t quads = (c->layout.run_words + 1) >> 1, *words = c->weights;
    for (int32_t ky = 0; ky < c->p->kernel_h; ky++, words += 4 * c->layout.run_words, block += 16 * quads) {
        if (((uintptr_t)block & 3) == 0) {
            upyml_expand_weights(block, words, quads);
        } else {
            expand_bytes(block, words, quads);
        }
    }
    c->block.plain = 0;
    for (int32_t i = 0; i < 4; i++, channel++) {
        c->block.bias[i] = upyml_load_word(c->channels.bias + 4 * channel);
        if (channel < c->p->out_c) {
            int32_t at = channel * c->channels.step;
            upyml_prepare_channel(&c->block.q[i], upyml_load_word(c->channels.multipliers + 4 * at),
                c->channels.shifts[at], c->channels.bits[at]);
            c->block.plain |= c->block.q[i].plain;
        }
    }
}

int upyml_conv2d_run_blocks(upyml_conv2d *c, const upyml_conv2d_line *line, const uint8_t *weights, int32_t channel,
    int32_t blocks, int32_t block_bytes) {
    (void)c, (void)line, (void)weights, (void)channel, (void)blocks, (void)block_bytes;
    return 0;
}

void upyml_conv2d_run_line(const upyml_conv2d *c, const upyml_conv2d_line *line, int32_t channel) {
    const upyml_conv2d_layout *l = &c->layout;
    upyml_conv2d_dot(c->weights, line->x, c->accumulators, line->count, c->block.bias, line->pixel_step, l->words,
        l->segments, l->segment_step);
    const upyml_prepared *q = c->block.q;
    int32_t channels = c->p->out_c - channel < 4 ? c->p->out_c - channel : 4;
    if (!c->block.plain) {
        upyml_requantize_channels(c->accumulators, line->output + channel, q, line->count, 16, line->out_step,
            channels);
        return;
    }
    for (int32_t i = 0; i < channels; i++) {
        upyml_requantize_prepared(c->accumulators + i, line->output + channel + i, q++, line->count, 16, line->out_step);
    }
}

