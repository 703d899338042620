#include "conv2d_int4.h"

#include "../pairs/conv2d_block.h"
#include "../pairs/load_word.h"
#include "../weights_int4.h"

uint32_t upyml_expand_int4(const uint8_t *weights, int32_t *stream, int32_t pairs, uint32_t before);  // expand_int4.S

uint32_t upyml_conv2d_expand_int4(const uint8_t *run, int32_t own, int32_t *stream, int32_t words, uint32_t before) {
    run += 4 * own;
    if (((uintptr_t)run & 3) == 0) {
        return upyml_expand_int4(run, stream, words, before);
    }
    for (; words > 0; words -= 4, stream += 4, run += UPYML_INT4_GROUP_BYTES) {
        int32_t word = upyml_load_word(run);
        before = upyml_expand_int4((const uint8_t *)&word, stream, words < 4 ? words : 4, before);
    }
    return before;
}

void upyml_conv2d_prepare_int4(upyml_conv2d *c, const uint8_t *block, int32_t channel) {
    upyml_conv2d_prepare_block(c, block, channel);  // which looks at the coding
}
