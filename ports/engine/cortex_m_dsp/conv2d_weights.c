// Weights of four channels from the file's bytes to pairs, where there are not whole quads or they do not lie on a word.
#include "conv2d_weights.h"

#include "pairs_cpu.h"

void upyml_conv2d_expand_quads(const uint8_t *weights, int32_t *words, int32_t quads);  // conv2d_expand.S

// Two k of the channels to `first`, the next two to `second`, four words each.
static void expand_quad(const uint8_t *weights, int32_t *first, int32_t *second) {
    for (int channel = 0; channel < 4; channel++) {
        int32_t four = upyml_load_any(weights + 4 * channel) ^ (int32_t)0x80808080;
        first[channel] = upyml_sxtb16(four);
        second[channel] = upyml_sxtb16_odd(four);
    }
}

void upyml_conv2d_expand_weights(const uint8_t *weights, int32_t *words, int32_t count) {
    int32_t quads = count >> 1;
    if (quads > 0 && ((uintptr_t)weights & 3) == 0) {
        upyml_conv2d_expand_quads(weights, words, quads);
        weights += 16 * quads;
        words += 8 * quads;
        count &= 1;
    }
    for (; count > 1; count -= 2, weights += 16, words += 8) {
        expand_quad(weights, words, words + 4);
    }
    if (count > 0) {  // the other two k are none
        int32_t none[4];
        expand_quad(weights, words, none);
    }
}
