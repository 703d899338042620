// A channel of a convolution whose weights are of four bits.
#include "../weights_int4.h"
#include "conv2d_stream.h"

uint32_t upyml_expand_int4(const uint8_t *weights, int32_t *stream, int32_t pairs, uint32_t before);  // expand_int4.S

// The same for a run at any address.
static uint32_t expand_run(const uint8_t *run, int32_t *stream, int32_t words, uint32_t before) {
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
    upyml_conv2d_prepare_job(c, channel);
    int32_t words = upyml_conv2d_stream_words(c), groups = (c->layout.run_words + 3) >> 2, *stream = c->weights;
    const uint8_t *run = block + 4 * (channel & 3);
    uint32_t last = 0;
    for (int32_t ky = 0; ky < c->p->kernel_h; ky++, stream += words, run += UPYML_INT4_GROUP_BYTES * groups) {
        last = expand_run(run, stream, words, last);
    }
    upyml_conv2d_end_stream(c, stream, last);
}
