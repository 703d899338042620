// A channel's weights as conv2d_pixels.S wants them, but for their coding.
#ifndef UPYML_XTENSA_CONV2D_STREAM_H
#define UPYML_XTENSA_CONV2D_STREAM_H

#include "../pairs/conv2d_block.h"
#include "../pairs/load_word.h"

// Bias and requantization.
static inline void upyml_conv2d_prepare_job(upyml_conv2d *c, int32_t channel) {
    upyml_conv2d_job *job = &c->block.job;
    job->bias = (int32_t)(4 * (uint32_t)upyml_load_word(c->channels.bias + 4 * channel));
    int32_t at = channel * c->channels.step;
    upyml_prepare(&job->q, upyml_load_word(c->channels.multipliers + 4 * at), c->channels.shifts[at], c->channels.bits[at],
        c->p->out_zero_point);
}

// Words of the stream for a kernel row.
static inline int32_t upyml_conv2d_stream_words(const upyml_conv2d *c) {
    const upyml_conv2d_layout *l = &c->layout;
    int as_it_is = l->segments == 1 || (c->block.is_3x9 && !c->block.job.q.plain);
    return as_it_is ? l->run_words : (l->run_words + 1) & ~1;
}

// last: the last pair.
static inline void upyml_conv2d_end_stream(const upyml_conv2d *c, int32_t *stream, uint32_t last) {
    if ((stream - c->weights) & 1) {  // k of 0, up to four
        *stream++ = (int32_t)(last >> 16);
        last = 0;
    }
    *stream = (int32_t)(last >> 16) | (*c->weights & ~0xffff);  // what the next pixel begins with
}

#endif
