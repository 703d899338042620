// Convolution with sparse weights: a block's list is made for each strip, then its lines are run as those of any block.
#include "../pairs/conv2d_sparse.h"

#include "conv2d_channels.h"

enum { TURN = 16 };  // pairs

// conv2d_list.S. Groups from the first up to `end`, on a word; at least one.
void upyml_expand_sparse(const uint8_t *groups, const uint8_t *end, int32_t *list, upyml_sparse_places *places);
void upyml_sparse_turn(void);  // a place in the code, 32 bytes a pair

// As upyml_expand_sparse, for groups at any address.
static void expand_bytes(const uint8_t *group, const uint8_t *end, int32_t *list, upyml_sparse_places *places) {
    for (int pair = 0; group != end; pair ^= 1, group += pair ? 0 : UPYML_SPARSE_GROUP_BYTES) {
        *list++ = upyml_sparse_at(places, upyml_sparse_place(group, pair));
        for (int own = 0; own < 4; own++) {
            *list++ = upyml_weight_pair(upyml_sparse_weight(group, pair, own, 0), upyml_sparse_weight(group, pair, own, 1));
        }
    }
}

// Pairs but for the one of zeros that an odd number is filled up with, which has the last one's place.
static int32_t count_pairs(const uint8_t *group, const uint8_t *end) {
    int32_t count = (int32_t)(end - group) / (UPYML_SPARSE_GROUP_BYTES / 2);
    const uint8_t *last = end - UPYML_SPARSE_GROUP_BYTES;
    return count > 0 && upyml_sparse_place(last, 0) == upyml_sparse_place(last, 1) ? count - 1 : count;
}

void upyml_conv2d_prepare_sparse(upyml_conv2d *c, int32_t channel) {
    upyml_conv2d_block *b = &c->block;
    const uint8_t *groups = upyml_sparse_block(c->p->weights, channel >> 2);
    const uint8_t *end = upyml_sparse_block(c->p->weights, (channel >> 2) + 1);
    upyml_sparse_places places = upyml_sparse_places_of(&c->layout);
    if (b->aligned && groups != end) {
        upyml_expand_sparse(groups, end, c->weights, &places);
    } else {
        expand_bytes(groups, end, c->weights, &places);
    }
    int32_t count = count_pairs(groups, end), skipped = count > 0 ? -count & (TURN - 1) : TURN;
    b->kind = UPYML_KIND_LIST;
    b->advance = 0;
    b->turn_code = (int32_t)((uintptr_t)upyml_sparse_turn & ~(uintptr_t)1) + 32 * skipped;
    b->weights_end = c->weights + 5 * count;
    upyml_conv2d_prepare_channels(c, channel);
}

void upyml_conv2d_run_sparse_line(const upyml_conv2d *c, const upyml_conv2d_line *line, int32_t channel) {
    upyml_conv2d_run_line(c, line, channel);
}
