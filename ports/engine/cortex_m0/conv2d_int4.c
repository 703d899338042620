// Convolution with weights of four bits: they are expanded for each strip, then its lines are run as those of any block.
#include "../weights_int4.h"

#include "conv2d_channels.h"

void upyml_expand_int4(const uint8_t *weights, int32_t *words, int32_t pairs);  // expand_int4.S, on a word

// As upyml_expand_int4, for weights at any address.
static void expand_bytes(const uint8_t *weights, int32_t *words, int32_t pairs) {
    for (int32_t k = 0; k < 2 * pairs; k += 2) {
        for (int own = 0; own < 4; own++) {
            *words++ = upyml_weight_pair(upyml_weight_int4(weights, k, own), upyml_weight_int4(weights, k + 1, own));
        }
    }
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
    upyml_conv2d_prepare_channels(c, channel);
}
