// Convolution with sparse weights: a block's list, which conv2d_sparse_dot.S walks along; it says how far to go on.
#include "../pairs/conv2d_sparse.h"

#include "conv2d_channels.h"

void upyml_conv2d_prepare_sparse(upyml_conv2d *c, int32_t channel) {
    const uint8_t *weights = c->p->weights, *group = upyml_sparse_block(weights, channel >> 2);
    upyml_sparse_pair *pair = (upyml_sparse_pair *)c->weights;
    upyml_sparse_places places = upyml_sparse_places_of(&c->layout);
    int32_t before = 0;
    c->pairs = 2 * upyml_sparse_groups(weights, channel >> 2);
    for (int32_t i = 0; i < c->pairs; i++, pair++, group += i & 1 ? 0 : UPYML_SPARSE_GROUP_BYTES) {
        int32_t at = upyml_sparse_at(&places, upyml_sparse_place(group, i & 1));
        pair->at = at - before;
        before = at;
        for (int32_t own = 0; own < 4; own += 2) {
            int32_t two = upyml_load_word(group + 4 + 8 * (i & 1) + 2 * own);
            pair->weights[own] = (two & 0x00ff00ff) - 0x00800080;
            pair->weights[own + 1] = (int32_t)((uint32_t)two >> 8 & 0x00ff00ff) - 0x00800080;
        }
    }
    upyml_conv2d_prepare_channels(c, channel);
}

void upyml_conv2d_run_sparse_line(const upyml_conv2d *c, const upyml_conv2d_line *line, int32_t channel) {
    upyml_conv2d_line_dot dot = {
        c->weights, line->x, line->output + channel, line->count, line->pixel_step, line->out_step, c->pairs, 1, 0, &c->block,
        NULL,
    };
    upyml_conv2d_run_dot(c, &dot, channel, 1);
}
