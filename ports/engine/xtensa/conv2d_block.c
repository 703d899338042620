// A channel of a convolution: its weights are expanded, then each pixel of a line is summed, requantized and written.
#include "../pairs/conv2d_block.h"

#include "../ops.h"
#include "../pairs/int4_as_int8.h"
#include "../pairs/load_word.h"

// Pixels from x on, outputs out_step bytes apart up to `end`. x: one word before the first. back: bytes from the end of
// the last run to the next pixel, where x of one pixel more than there are is loaded. The second one is for three runs
// of 9, and so are the weights.
void upyml_conv2d_pixels(const upyml_conv2d_job *job, const int32_t *x, int8_t *output, int32_t out_step,
    const int8_t *end, int32_t back);
void upyml_conv2d_pixels_3x9(const upyml_conv2d_job *job, const int32_t *x, int8_t *output, int32_t out_step,
    const int8_t *end, int32_t back);
int32_t upyml_conv2d_sum(const upyml_conv2d_job *job, const int32_t *x);
uint32_t upyml_expand_weights(const uint8_t *weights, int32_t *stream, int32_t pairs, uint32_t before);

// The same as upyml_expand_weights for weights that do not start on a word.
static uint32_t expand_bytes(const uint8_t *weights, int32_t *stream, int32_t pairs, uint32_t before) {
    for (int32_t k = 0; k < 2 * pairs; k += 2) {
        uint32_t pair = (uint32_t)(4 * upyml_weight(weights, k, 0)) << 16 | (uint16_t)(4 * upyml_weight(weights, k + 1, 0));
        *stream++ = (int32_t)(before >> 16 | pair << 16);
        before = pair;
    }
    return before;
}

static uint32_t expand_run(const uint8_t *run, int32_t *stream, int32_t words, uint32_t before) {
    return ((uintptr_t)run & 3) == 0 ? upyml_expand_weights(run, stream, words, before) : expand_bytes(run, stream, words, before);
}

// A run of four bits a weight of channel 0 to 3 of a block.
static uint32_t expand_int4(const uint8_t *run, int32_t own, int32_t *stream, int32_t words, uint32_t before) {
    for (; words > 0; words -= 4, stream += 4, run += UPYML_INT4_GROUP_BYTES) {
        uint32_t bytes[8];
        upyml_int4_as_int8(run, bytes);
        before = upyml_expand_weights((const uint8_t *)(bytes + own), stream, words < 4 ? words : 4, before);
    }
    return before;
}

// The weights of channel `own` of a block.
static void expand(const upyml_conv2d *c, const uint8_t *block, int32_t own) {
    const upyml_conv2d_layout *l = &c->layout;
    int int4 = UPYML_HAS(INT4) && c->p->coding == UPYML_CODING_INT4;
    int32_t quads = (l->run_words + 1) >> 1, groups = int4 ? (quads + 1) >> 1 : quads, *stream = c->weights;
    int32_t words = l->segments == 1 || (c->block.is_3x9 && !c->block.job.q.plain) ? l->run_words : 2 * quads;
    uint32_t last = 0;
    for (int32_t ky = 0; ky < c->p->kernel_h; ky++, stream += words, block += 16 * groups) {
        last = int4 ? expand_int4(block, own, stream, words, last) : expand_run(block + 4 * own, stream, words, last);
    }
    *stream = (int32_t)(last >> 16);  // and k of 0, up to four
    if ((stream - c->weights) & 1) {
        stream[1] = 0;
    }
}

void upyml_conv2d_begin_blocks(upyml_conv2d *c) {
    const upyml_conv2d_layout *l = &c->layout;
    upyml_conv2d_job *job = &c->block.job;
    int32_t quads = (l->words + 1) >> 1;
    c->block.is_3x9 = l->segments == 3 && c->p->kernel_w * c->p->in_c == 9;
    int32_t run_bytes = c->block.is_3x9 ? 20 : 8 * quads;  // of x, where the loops turn to the next run
    c->block.narrow = c->p->clamp_min > -128 || c->p->clamp_max < 127;
    job->weights = c->weights - 1;
    job->turns = quads - 1;
    job->more_runs = l->segments - 1;
    job->skip = l->segment_step - run_bytes;
    c->block.back = -job->more_runs * l->segment_step - run_bytes;
}

void upyml_conv2d_prepare_block(upyml_conv2d *c, const uint8_t *block, int32_t channel) {
    upyml_conv2d_job *job = &c->block.job;
    job->bias = (int32_t)(4 * (uint32_t)upyml_load_word(c->channels.bias + 4 * channel));
    int32_t at = channel * c->channels.step;
    upyml_prepare(&job->q, upyml_load_word(c->channels.multipliers + 4 * at), c->channels.shifts[at], c->channels.bits[at],
        c->p->out_zero_point);
    expand(c, block, channel & 3);
}

void upyml_conv2d_prepare_int4(upyml_conv2d *c, const uint8_t *block, int32_t channel) {
    upyml_conv2d_prepare_block(c, block, channel);  // which looks at the coding
}

// Pixel by pixel, for channels that the line's requantization is not exact for.
static void run_plain(const upyml_conv2d *c, const upyml_conv2d_line *line, int32_t channel, int32_t step) {
    upyml_conv2d_job job = c->block.job;
    job.skip = c->layout.segment_step - 8 * (job.turns + 1);  // also of a kernel that is 3x9
    int32_t bias = upyml_load_word(c->channels.bias + 4 * channel);
    const int32_t *x = line->x - 1;
    int8_t *output = line->output + channel;
    for (int32_t count = line->count; count > 0; count--, output += line->out_step, x += step >> 2) {
        int32_t accumulator = upyml_add_wrapped(upyml_conv2d_sum(&job, x), bias);
        int32_t y = upyml_requantize_plain(accumulator, &job.q, c->p->out_zero_point);
        *output = (int8_t)upyml_clamp(y, c->p->clamp_min, c->p->clamp_max);
    }
}

static void run_pixels(const upyml_conv2d *c, const int32_t *x, int8_t *output, int32_t out_step, int32_t count,
    int32_t back) {
    const int8_t *end = output + count * out_step;
    if (c->block.is_3x9) {
        upyml_conv2d_pixels_3x9(&c->block.job, x, output, out_step, end, back);
    } else {
        upyml_conv2d_pixels(&c->block.job, x, output, out_step, end, back);
    }
}

static void clamp_line(const upyml_window *p, int8_t *output, int32_t count, int32_t step) {
    for (int32_t low = p->clamp_min, high = p->clamp_max; count > 0; count--, output += step) {
        *output = (int8_t)upyml_clamp(*output, low, high);
    }
}

void upyml_conv2d_run_line(const upyml_conv2d *c, const upyml_conv2d_line *line, int32_t channel) {
    const upyml_conv2d_layout *l = &c->layout;
    int32_t step = line->pixel_step, count = line->count;
    if (c->block.job.q.plain) {
        run_plain(c, line, channel, step);
        return;
    }
    const int32_t *x = line->x - 1;
    int8_t *output = line->output + channel;
    // Behind a line's last pixel, x of one more is loaded. If that is not in scratch, the last one is made alone.
    const uint8_t *loaded = (const uint8_t *)line->x + count * step + 8;
    int alone = count == 1 || loaded > (const uint8_t *)c->weights + l->weights_size;
    count -= alone;
    if (count > 0) {
        run_pixels(c, x, output, line->out_step, count, step + c->block.back);
    }
    if (alone) {
        run_pixels(c, x + (count * step >> 2), output + count * line->out_step, line->out_step, 1, 0);
    }
    if (c->block.narrow) {
        clamp_line(c->p, output, line->count, line->out_step);
    }
}
