// Convolution with sparse weights: a block's list, then lines of pixels through it, in conv2d_sparse_four.S where the block
// has four channels that are requantized in the usual way.
#include "../pairs/conv2d_sparse.h"

#include "conv2d_channels.h"
#include "conv2d_sparse_four.h"

// The four channels' weights of a pair of k, in the order that SMLADX asks for.
static void expand_pair(const uint8_t *weights, int32_t words[4]) {
    for (int i = 0; i < 4; i += 2, weights += 4) {
        int32_t two = upyml_load_any(weights) ^ (int32_t)0x80808080;
        words[i] = upyml_sxtb16(two);
        words[i + 1] = upyml_sxtb16_odd(two);
    }
}

void upyml_conv2d_prepare_sparse(upyml_conv2d *c, int32_t channel) {
    const uint8_t *weights = c->p->weights, *group = upyml_sparse_block(weights, channel >> 2);
    upyml_sparse_pair *pair = (upyml_sparse_pair *)c->weights;
    upyml_sparse_places places = upyml_sparse_places_of(&c->layout);
    int32_t groups = upyml_sparse_groups(weights, channel >> 2);
    c->pairs = 2 * groups;
    for (; groups > 0; groups--, pair += 2, group += UPYML_SPARSE_GROUP_BYTES) {
        int32_t both = upyml_load_any(group);
        pair[0].at = upyml_sparse_at(&places, both & 0xffff);
        pair[1].at = upyml_sparse_at(&places, (int32_t)((uint32_t)both >> 16));
        expand_pair(group + 4, pair[0].weights);
        expand_pair(group + 12, pair[1].weights);
    }
    upyml_conv2d_prepare_channels(c, channel);
}

// One pixel of up to four channels of any kind.
static void run_pixel(const upyml_conv2d *c, const uint8_t *x, int8_t *output, int32_t channels) {
    const upyml_sparse_pair *pair = (const upyml_sparse_pair *)c->weights, *end = pair + c->pairs;
    const upyml_conv2d_block *b = &c->block;
    int32_t sums[4] = {b->bias[0], b->bias[1], b->bias[2], b->bias[3]};
    for (; pair != end; pair++) {
        int32_t two = *(const int32_t *)(const void *)(x + pair->at);
        for (int i = 0; i < 4; i++) {
            sums[i] = upyml_smladx(two, pair->weights[i], sums[i]);
        }
    }
    for (int i = 0; i < channels; i++) {
        output[i] = (int8_t)upyml_requantize_prepared_one(sums[i], &b->q[i]);
    }
}

void upyml_conv2d_run_sparse_line(const upyml_conv2d *c, const upyml_conv2d_line *line, int32_t channel) {
    const upyml_prepared *q = c->block.q;
    const upyml_sparse_pair *list = (const upyml_sparse_pair *)c->weights;
    int32_t channels = c->p->out_c - channel < 4 ? c->p->out_c - channel : 4;
    if (channels == 4 && !(q[0].special | q[1].special | q[2].special | q[3].special)) {
        upyml_conv2d_sparse_four four = {list, list + c->pairs, &c->block, line->pixel_step, line->out_step};
        upyml_conv2d_sparse_four_channels(&four, line->x, line->output + channel, line->count);
        return;
    }
    for (int32_t i = 0; i < line->count; i++) {
        run_pixel(c, (const uint8_t *)line->x + i * line->pixel_step, line->output + channel + i * line->out_step, channels);
    }
}
