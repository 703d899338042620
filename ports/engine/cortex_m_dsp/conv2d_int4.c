// A block of a convolution whose weights are of four bits: they are expanded to the same pairs as others.
#include <string.h>

#include "../weights_int4.h"
#include "conv2d_channels.h"

void upyml_conv2d_expand_int4(const void *weights, int32_t *words, int32_t groups);  // conv2d_expand_int4.S

// One group of eight k, of which `count` pairs are made.
static void expand_group(const uint8_t *weights, int32_t *words, int32_t count) {
    int32_t group[UPYML_INT4_GROUP_BYTES / 4], pairs[16];
    memcpy(group, weights, sizeof group);
    upyml_conv2d_expand_int4(group, pairs, 1);
    memcpy(words, pairs, 16 * (size_t)count);
}

void upyml_conv2d_prepare_int4(upyml_conv2d *c, const uint8_t *block, int32_t channel) {
    int32_t *words = c->weights;
    for (int32_t ky = 0; ky < c->p->kernel_h; ky++) {
        int32_t left = c->layout.run_words, whole = ((uintptr_t)block & 3) == 0 ? left >> 2 : 0;
        if (whole > 0) {
            upyml_conv2d_expand_int4(block, words, whole);
            words += 16 * whole;
            block += UPYML_INT4_GROUP_BYTES * whole;
        }
        for (left -= 4 * whole; left > 0; left -= 4, block += UPYML_INT4_GROUP_BYTES) {
            int32_t count = left < 4 ? left : 4;
            expand_group(block, words, count);
            words += 4 * count;
        }
    }
    upyml_conv2d_prepare_channels(c, channel);
}
