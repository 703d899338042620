// A block of a convolution whose weights are of four bits: they are expanded to the same pairs as others.
#include "../weights_int4.h"
#include "conv2d_channels.h"

// Of a word of eight k each of four channels `count` pairs.
static inline void expand_int4(const uint8_t *group, int32_t *words, int32_t count) {
    for (int32_t own = 0; own < 4; own++) {
        uint32_t nibbles = (uint32_t)upyml_load_word(group + 4 * own);
#pragma GCC unroll 4
        for (int32_t i = 0; i < count; i++) {
            words[4 * i + own] = (int32_t)(nibbles >> 4 * i & 0x000f000f) - UPYML_INT4_BIAS * 0x00010001;
        }
    }
}

void upyml_conv2d_prepare_int4(upyml_conv2d *c, const uint8_t *block, int32_t channel) {
    int32_t *words = c->weights;
    for (int32_t ky = 0; ky < c->p->kernel_h; ky++) {
        int32_t left = c->layout.run_words;
        for (; left > 3; left -= 4, words += 16, block += UPYML_INT4_GROUP_BYTES) {
            expand_int4(block, words, 4);
        }
        if (left > 0) {
            expand_int4(block, words, left);
            words += 4 * left;
            block += UPYML_INT4_GROUP_BYTES;
        }
    }
    upyml_conv2d_prepare_channels(c, channel);
}
