// A block's weights expanded and its channels prepared, for each strip: prepare_block.S and, where that takes no part, the
// same in C. The weights lie in runs of a kernel row: an odd run's last word has k that there are not and is written over
// by the next run.
#include "../pairs/conv2d_block.h"

#include "../load.h"
#include "conv2d_channels.h"

enum { TURN = 32 };  // words

// A block: its weights in the file and its first channel. Blocks to go through, this one included, and what from one to
// the next is added. conv2d_line.S knows the places.
typedef struct {
    const uint8_t *weights;
    int32_t channel, blocks, weights_step, channel_step;
} upyml_walk;

// For b->aligned.
void upyml_prepare_block(upyml_conv2d_block *b, const uint8_t *weights, int32_t channel);
void upyml_run_blocks(upyml_conv2d_block *b, const upyml_conv2d_line *line, upyml_walk *walk);

void upyml_conv2d_begin_blocks(upyml_conv2d *c) {
    upyml_conv2d_block *b = &c->block;
    const upyml_conv2d_layout *l = &c->layout;
    const upyml_channels *channels = &c->channels;
    int32_t quads = (l->run_words + 1) >> 1, odd = l->run_words & 1;
    b->weights = c->weights;
    b->weights_end = c->weights + 4 * l->words * l->segments;
    b->span = ((l->words - 1) / TURN) * TURN * 4;
    b->gap = l->segment_step - b->span;
    b->turn_code = (-l->words & (TURN - 1)) * 32;
    b->kind = b->span ? 2 : l->segments > 1;
    b->advance = (l->segments - 1) * l->segment_step + b->span;
    b->out_c = c->p->out_c;
    b->biases = channels->bias;
    b->multipliers = channels->multipliers;
    b->shifts = (const uint8_t *)channels->shifts;
    b->bits = channels->bits;
    b->run_bytes = 16 * quads * (odd ? 1 : c->p->kernel_h);  // without gaps they are one run
    b->runs = odd ? c->p->kernel_h : 1;
    b->excess = 16 * odd;
    upyml_output_range_of(&b->range, c->p->out_zero_point, c->p->clamp_min, c->p->clamp_max);
    b->aligned = channels->step && (((uintptr_t)c->p->weights | (uintptr_t)channels->bias) & 3) == 0;
}

static void expand_bytes(const upyml_conv2d_block *b, const uint8_t *weights, int32_t *words) {
    for (int32_t run = 0; run < b->runs; run++, weights += b->run_bytes, words -= b->excess >> 2) {
        for (int32_t k = 0; k < b->run_bytes >> 2; k += 2) {
            for (int channel = 0; channel < 4; channel++) {
                *words++ = upyml_weight_pair(upyml_weight(weights, k, channel), upyml_weight(weights, k + 1, channel));
            }
        }
    }
}

void upyml_conv2d_prepare_any_channels(upyml_conv2d *c, int32_t channel) {
    upyml_conv2d_block *b = &c->block;
    upyml_prepared one = {.range = b->range};
    for (int32_t i = 0; i < 4; i++) {
        int32_t at = (channel + i) * c->channels.step;
        b->bias[i] = upyml_load_int32(b->biases + 4 * (channel + i));
        if (channel + i < b->out_c) {
            upyml_prepare_channel(&one, upyml_load_int32(b->multipliers + 4 * at), (int8_t)b->shifts[at], b->bits[at]);
            b->q[i] = one.channel;
            b->q[i].shift &= i == 3 || channel + i + 1 == b->out_c ? -1 : INT32_MAX;
        }
    }
}

// As upyml_prepare_block, for any block. Not inline: its variables would cost the other way time.
static __attribute__((noinline)) void prepare_bytes(upyml_conv2d *c, const uint8_t *weights, int32_t channel) {
    expand_bytes(&c->block, weights, c->weights);
    upyml_conv2d_prepare_any_channels(c, channel);
}

void upyml_conv2d_prepare_block(upyml_conv2d *c, const uint8_t *weights, int32_t channel) {
    if (c->block.aligned) {
        upyml_prepare_block(&c->block, weights, channel);
    } else {
        prepare_bytes(c, weights, channel);
    }
}

int upyml_conv2d_run_blocks(upyml_conv2d *c, const upyml_conv2d_lines *lines, const uint8_t *weights, int32_t channel,
    int32_t blocks, int32_t block_bytes) {
    int one_line = c->block.aligned && lines->count == 1;
    if (one_line) {
        upyml_walk walk = {weights, channel, blocks, block_bytes, block_bytes > 0 ? 4 : -4};
        upyml_run_blocks(&c->block, &lines->first, &walk);
    }
    return one_line;
}
