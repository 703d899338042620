// Convolution with weights of four bits: they are expanded for each strip, then its lines are run as those of any block.
// Where a segment of a pixel is long enough, with turns that make use of how small they are: conv2d_int4_turn.S.
#include "../weights_int4.h"

#include "conv2d_channels.h"

enum {
    TURN = 16,  // words
    WORD_CODE = 20,  // bytes
    TWO_WORDS_CODE = 38,
    LEAST_WORDS = 7,  // of a segment: with fewer, the turns of any weights are as fast
};

// Places in the code of conv2d_int4_turn.S.
void upyml_int4_pixels(void);
void upyml_int4_turn(void);
void upyml_int4_part(void);
void upyml_int4_odd(void);

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
    int32_t left_out = -l->words & (TURN - 1), turn = place_of(upyml_int4_turn);
    b->kind = UPYML_KIND_CODED;
    b->turn_code = place_of(upyml_int4_pixels);
    b->span = left_out == 0 ? turn : left_out & 1 ? place_of(upyml_int4_odd) : place_of(upyml_int4_part);
    b->excess = turn + TWO_WORDS_CODE * (left_out >> 1) + WORD_CODE * (left_out & 1);
    b->gap = l->segment_step - 4 * l->words;  // from a segment's end to the next one
    b->advance = (l->segments - 1) * l->segment_step + 4 * l->words;
    b->run_bytes = 16 * l->words;  // a segment's weights, expanded
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
