// A block's weights expanded and its channels prepared, each strip, for conv2d_line.S.
#include "../pairs/conv2d_block.h"

#include "../load.h"

enum { TURN = 32 };  // words

void upyml_expand_weights(const uint8_t *weights, int32_t *words, int32_t quads, int32_t runs, int32_t excess);

// The same for weights that do not start on a word.
static void expand_bytes(const uint8_t *weights, int32_t *words, int32_t quads, int32_t runs, int32_t excess) {
    for (; runs > 0; runs--, weights += 16 * quads, words -= excess >> 2) {
        for (int32_t k = 0; k < 4 * quads; k += 2) {
            for (int channel = 0; channel < 4; channel++) {
                *words++ = upyml_weight_pair(upyml_weight(weights, k, channel), upyml_weight(weights, k + 1, channel));
            }
        }
    }
}

void upyml_conv2d_begin_blocks(upyml_conv2d *c) {
    upyml_conv2d_block *b = &c->block;
    const upyml_conv2d_layout *l = &c->layout;
    int32_t first = -l->words & (TURN - 1);  // words that a segment's first turn leaves out
    b->weights = c->weights;
    b->weights_end = c->weights + 4 * l->words * l->segments;
    b->span = ((l->words - 1) / TURN) * TURN * 4;
    b->gap = l->segment_step - b->span;
    b->turn_code = first * 32;
    b->kind = b->span ? 2 : l->segments > 1;
    b->advance = (l->segments - 1) * l->segment_step + b->span;
    upyml_output_range_of(&b->range, c->p->out_zero_point, c->p->clamp_min, c->p->clamp_max);
}

// What a word has for each of four channels.
static uint32_t four_bytes(const uint8_t *bytes, int32_t step) {
    return bytes[0] | (uint32_t)bytes[step] << 8 | (uint32_t)bytes[2 * step] << 16 | (uint32_t)bytes[3 * step] << 24;
}

// Channels that share a multiplier, or do not lie on words.
static void prepare_each(upyml_conv2d_block *b, const upyml_channels *channels, int32_t channel, int32_t count) {
    int32_t step = channels->step, at = channel * step, multipliers[4];
    for (int32_t i = 0; i < 4; i++) {
        b->bias[i] = upyml_load_int32(channels->bias + 4 * (channel + i));
        multipliers[i] = upyml_load_int32(channels->multipliers + 4 * (at + i * step));
    }
    upyml_prepare_channels(b->q, &b->range, multipliers, four_bytes((const uint8_t *)channels->shifts + at, step),
        four_bytes(channels->bits + at, step), count);
}

// The weights lie in runs of a kernel row: an odd run's last word has k that there are not and is written over by the
// next run.
void upyml_conv2d_prepare_block(upyml_conv2d *c, const uint8_t *block, int32_t channel) {
    upyml_conv2d_block *b = &c->block;
    const upyml_channels *channels = &c->channels;
    int32_t runs = c->p->kernel_h, odd = c->layout.run_words & 1, quads = (c->layout.run_words + 1) >> 1;
    if (!odd) {  // no gaps between the runs
        quads *= runs;
        runs = 1;
    }
    if (((uintptr_t)block & 3) == 0) {
        upyml_expand_weights(block, c->weights, quads, runs, odd * 16);
    } else {
        expand_bytes(block, c->weights, quads, runs, odd * 16);
    }
    int32_t count = c->p->out_c - channel < 4 ? c->p->out_c - channel : 4;
    if (channels->step == 0 || ((uintptr_t)channels->bias & 3)) {
        prepare_each(b, channels, channel, count);
        return;
    }
    const int32_t *bias = (const int32_t *)(const void *)(channels->bias + 4 * channel);
    for (int32_t i = 0; i < 4; i++) {
        b->bias[i] = bias[i];
    }
    upyml_prepare_channels(b->q, &b->range, (const int32_t *)(const void *)(channels->multipliers + 4 * channel),
        *(const uint32_t *)(const void *)(channels->shifts + channel),
        *(const uint32_t *)(const void *)(channels->bits + channel), count);
}
