// A block of a convolution: its weights are expanded, then lines of pixels are made, requantized while their accumulators
// are still in registers.
#include "../pairs/conv2d_block.h"

#include <string.h>

#include "conv2d_channels.h"

void upyml_expand_weights(const uint8_t *weights, int32_t *words, int32_t pairs);

// The same for weights at any address.
static void expand(const uint8_t *weights, int32_t *words, int32_t pairs) {
    if (((uintptr_t)weights & 3) == 0) {
        upyml_expand_weights(weights, words, pairs);
        return;
    }
    for (; pairs > 0; pairs -= 2, weights += 16, words += 8) {
        int32_t quad[4];
        memcpy(quad, weights, sizeof quad);
        upyml_expand_weights((const uint8_t *)quad, words, pairs > 1 ? 2 : 1);
    }
}

void upyml_conv2d_begin_blocks(upyml_conv2d *c) {
    for (int i = 0; i < 4; i++) {
        upyml_prepare_range(&c->block.q[i], c->p->out_zero_point, c->p->clamp_min, c->p->clamp_max);
    }
}

void upyml_conv2d_prepare_block(upyml_conv2d *c, const uint8_t *block, int32_t channel) {
    int32_t pairs = c->layout.run_words, rows = c->p->kernel_h, *words = c->weights;
    if ((pairs & 1) == 0) {  // no gaps between the kernel's rows
        pairs *= rows;
        rows = 1;
    }
    for (; rows > 0; rows--, words += 4 * pairs, block += 16 * ((pairs + 1) >> 1)) {
        expand(block, words, pairs);
    }
    upyml_conv2d_prepare_channels(c, channel);
}

void upyml_conv2d_run_line(const upyml_conv2d *c, const upyml_conv2d_line *line, int32_t channel) {
    const upyml_conv2d_layout *l = &c->layout;
    upyml_conv2d_line_dot dot = {
        c->weights, line->x, line->output + channel, line->count, line->pixel_step, line->out_step, l->words, l->segments,
        l->segment_step, &c->block, NULL,
    };
    upyml_conv2d_run_dot(c, &dot, channel, 0);
}
