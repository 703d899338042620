// Convolution with weights of four bits: they are expanded for each strip, then its lines are run as those of any block.
// Where a segment of a pixel is long enough, with turns that make use of how small they are: conv2d_int4_turn.S.
#include "../weights_int4.h"

#include "conv2d_channels.h"

enum {
    TURN = 16,  // words
    WORD_CODE = 24,  // bytes
    LEAST_WORDS = 10,  // of a segment: with fewer, the turns of any weights are as fast
};

// Places in the code of conv2d_int4_turn.S.
void upyml_int4_pixel(void);
void upyml_int4_turn(void);

void upyml_expand_int4(const uint8_t *weights, int32_t *words, int32_t pairs);  // expand_int4.S, on a word

// As upyml_expand_int4, for weights at any address.
static void expand_bytes(const uint8_t *weights, int32_t *words, int32_t pairs) {
    for (int32_t k = 0; k < 2 * pairs; k += 2) {
        for (int own = 0; own < 4; own++) {
            *words++ = upyml_weight_pair(upyml_weight_int4(weights, k, own), upyml_weight_int4(weights, k + 1, own));
        }
    }
}

static int32_t place_of(void (*code)(void)) {
    return (int32_t)((uintptr_t)code & ~(uintptr_t)1);
}

static void set_turns(upyml_conv2d_block *b, const upyml_conv2d_layout *l) {
    int32_t left_out = -l->words & (TURN - 1), after_first = 4 * (l->words + left_out - TURN);
    b->kind = UPYML_KIND_CODED;
    b->turn_code = place_of(upyml_int4_pixel);
    b->span = place_of(upyml_int4_turn) + WORD_CODE * left_out;  // where a segment's first turn starts
    b->gap = l->segment_step - after_first;  // from a segment's last turn to the next one's first
    b->advance = (l->segments - 1) * l->segment_step + after_first;
    b->run_bytes = 16 * l->words;  // a segment's weights, expanded
    b->excess = 4 * left_out;  // x at the first turn is so far before the pixel's
}

void upyml_conv2d_prepare_int4(upyml_conv2d *c, const uint8_t *block, int32_t channel) {
    int32_t pairs = c->layout.run_words, row_bytes = UPYML_INT4_GROUP_BYTES * ((pairs + 3) >> 2), rows = c->p->kernel_h;
    int32_t *words = c->weights;
    if ((pairs & 3) == 0) {  // without gaps they are one run
        pairs *= rows;
        rows = 1;
    }
    for (; rows > 0; rows--, words += 4 * pairs, block += row_bytes) {
        if (c->block.aligned) {
            upyml_expand_int4(block, words, pairs);
        } else {
            expand_bytes(block, words, pairs);
        }
    }
    if (c->layout.words >= LEAST_WORDS) {
        set_turns(&c->block, &c->layout);
    }
    upyml_conv2d_prepare_channels(c, channel);
}
