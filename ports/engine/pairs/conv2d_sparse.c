// Convolution with sparse weights in plain C, for CPUs that have nothing faster: pixel by pixel through the block's list.
#include "conv2d_sparse.h"

#include "../weights.h"
#include "conv2d_block.h"

void upyml_conv2d_prepare_sparse(upyml_conv2d *c, int32_t channel) {
    const uint8_t *weights = c->p->weights, *group = upyml_sparse_block(weights, channel >> 2);
    upyml_sparse_pair *pair = (upyml_sparse_pair *)c->weights;
    upyml_sparse_places places = upyml_sparse_places_of(&c->layout);
    c->pairs = 2 * upyml_sparse_groups(weights, channel >> 2);
    for (int32_t i = 0; i < c->pairs; i++, pair++, group += i & 1 ? 0 : UPYML_SPARSE_GROUP_BYTES) {
        pair->at = upyml_sparse_at(&places, upyml_sparse_place(group, i & 1));
        for (int own = 0; own < 4; own++) {
            pair->weights[own] = upyml_pair(upyml_sparse_weight(group, i & 1, own, 0), upyml_sparse_weight(group, i & 1, own, 1));
        }
    }
}

void upyml_conv2d_run_sparse_line(const upyml_conv2d *c, const upyml_conv2d_line *line, int32_t channel) {
    const upyml_window *p = c->p;
    const uint8_t *x = (const uint8_t *)line->x;
    int8_t *output = line->output;
    for (int32_t left = line->count; left > 0; left--, x += line->pixel_step, output += line->out_step) {
        const upyml_sparse_pair *pair = (const upyml_sparse_pair *)c->weights;
        int32_t sums[4];
        upyml_start(&c->channels, channel, sums);
        for (const upyml_sparse_pair *end = pair + c->pairs; pair != end; pair++) {
            int32_t two = *(const int32_t *)(const void *)(x + pair->at), x0 = upyml_of_pair(two, 0), x1 = upyml_of_pair(two, 1);
            for (int own = 0; own < 4; own++) {
                int32_t w = pair->weights[own];
                sums[own] = upyml_add_wrapped(sums[own], x0 * upyml_of_pair(w, 0) + x1 * upyml_of_pair(w, 1));
            }
        }
        upyml_finish(&c->channels, channel, p->out_c, sums, p->out_zero_point, p->clamp_min, p->clamp_max, output);
    }
}
