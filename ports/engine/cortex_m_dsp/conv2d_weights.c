// Weights of four channels from the file's bytes to pairs: about 22 instructions for 16.
#include "hot.h"
#include "conv2d_weights.h"
#include "pairs_cpu.h"

// Two k of the channels to `first`, the next two to `second`, four words each. The bytes are w + 128: with its highest bit
// flipped each is w.
static inline void expand_quad(const uint8_t *weights, int32_t *first, int32_t *second) {
    for (int channel = 0; channel < 4; channel++) {
        int32_t four = upyml_load_any(weights + 4 * channel) ^ (int32_t)0x80808080;
        first[channel] = upyml_sxtb16(four);
        second[channel] = upyml_sxtb16_odd(four);
    }
}

UPYML_HOT void upyml_conv2d_expand_weights(const uint8_t *weights, int32_t *words, int32_t count) {
    for (; count > 1; count -= 2, weights += 16, words += 8) {
        expand_quad(weights, words, words + 4);
    }
    if (count > 0) {  // the other two k are none
        int32_t none[4];
        expand_quad(weights, words, none);
    }
}
