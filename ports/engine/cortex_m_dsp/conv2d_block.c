// A block of a convolution: its weights are expanded, then conv2d_two.S makes two channels of a line, and the other two.
#include "../pairs/conv2d_block.h"

#include "conv2d_channels.h"
#include "conv2d_two.h"
#include "conv2d_weights.h"

void upyml_conv2d_begin_blocks(upyml_conv2d *c) {
    for (int i = 0; i < 4; i++) {
        upyml_prepare_range(&c->block.q[i], c->p->out_zero_point, c->p->clamp_min, c->p->clamp_max);
    }
}

void upyml_conv2d_prepare_block(upyml_conv2d *c, const uint8_t *block, int32_t channel) {
    int32_t run_words = c->layout.run_words, *words = c->weights;
    for (int32_t ky = 0; ky < c->p->kernel_h; ky++, words += 4 * run_words, block += 16 * ((run_words + 1) >> 1)) {
        upyml_conv2d_expand_weights(block, words, run_words);
    }
    upyml_conv2d_prepare_channels(c, channel);
}

void upyml_conv2d_finish_special(const upyml_conv2d_two *two, const int32_t sums[4], int8_t *output, int32_t out_step) {
    for (int pixel = 0; pixel < 2; pixel++, output += out_step, sums += 2) {
        output[two->second] = (int8_t)upyml_requantize_special(sums[1], two->q[1]);
        *output = (int8_t)upyml_requantize_special(sums[0], two->q[0]);
    }
}

static void set_requantization(upyml_conv2d_two *two, const upyml_prepared *q0, const upyml_prepared *q1) {
    two->multiplier0 = q0->multiplier;
    two->offset0 = q0->offset;
    two->right_shift0 = q0->right_shift;
    two->multiplier1 = q1->multiplier;
    two->offset1 = q1->offset;
    two->right_shift1 = q1->right_shift;
    two->special = q0->special | q1->special;
    two->q[0] = q0;
    two->q[1] = q1;
}

void upyml_conv2d_run_line(const upyml_conv2d *c, const upyml_conv2d_line *line, int32_t channel) {
    const upyml_conv2d_layout *l = &c->layout;
    upyml_conv2d_two two;
    two.words = l->words;
    two.rows = l->segments;
    two.gap = l->segment_step - 4 * two.words;
    two.pixel_step = line->pixel_step;
    two.advance = 2 * two.pixel_step - 4 * two.words * two.rows - two.gap * (two.words == 5 ? two.rows : two.rows - 1);
    two.out_step = line->out_step;
    for (int32_t i = 0; i < 4 && channel + i < c->p->out_c; i += 2) {
        two.second = channel + i + 1 < c->p->out_c;
        two.weights = c->weights + i;
        two.bias[0] = c->block.bias[i];
        two.bias[1] = c->block.bias[i + two.second];
        set_requantization(&two, &c->block.q[i], &c->block.q[i + two.second]);
        upyml_conv2d_two_channels(&two, line->x, line->output + channel + i, line->count);
    }
}
