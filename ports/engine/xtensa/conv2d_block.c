// A channel of a convolution: its weights are expanded, then each pixel of a line is summed, requantized and written.
#include "conv2d_stream.h"

// Lines of pixels, of one channel. The assembly knows the offsets: conv2d_job.inc.
typedef struct {
    const int32_t *x;  // one word before the first
    int8_t *output;
    int32_t count, out_step;  // pixels of a line, bytes from output to output
    int32_t back;  // bytes from the end of a pixel's last run to the next pixel
    int32_t lines;
    int32_t next_x;  // from where x of one pixel more was loaded to the next line
    int32_t next_output;  // from the output behind a line to the next line's
} upyml_conv2d_walk;

// Behind a line's last pixel, x of one more is loaded. The second one is for three runs of 9, and so are the weights.
void upyml_conv2d_pixels(const upyml_conv2d_job *job, const upyml_conv2d_walk *walk);
void upyml_conv2d_pixels_3x9(const upyml_conv2d_job *job, const upyml_conv2d_walk *walk);
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

static void expand(const upyml_conv2d *c, const uint8_t *channel) {
    const upyml_conv2d_layout *l = &c->layout;
    int32_t quads = (l->run_words + 1) >> 1, *stream = c->weights;
    int32_t words = upyml_conv2d_stream_words(c);
    int on_words = ((uintptr_t)channel & 3) == 0;
    uint32_t last = 0;
    for (int32_t ky = 0; ky < c->p->kernel_h; ky++, stream += words, channel += 16 * quads) {
        last = on_words ? upyml_expand_weights(channel, stream, words, last) : expand_bytes(channel, stream, words, last);
    }
    upyml_conv2d_end_stream(c, stream, last);
}

void upyml_conv2d_begin_blocks(upyml_conv2d *c) {
    const upyml_conv2d_layout *l = &c->layout;
    upyml_conv2d_job *job = &c->block.job;
    int32_t quads = (l->words + 1) >> 1;
    c->block.is_3x9 = l->segments == 3 && c->p->kernel_w * c->p->in_c == 9 && l->pixel_step + 8 <= l->weights_size;
    int32_t run_bytes = c->block.is_3x9 ? 20 : 8 * quads;  // of x, where the loops turn to the next run
    c->block.narrow = c->p->clamp_min > -128 || c->p->clamp_max < 127;
    job->weights = c->weights - 1;
    job->turns = quads - 1;
    job->more_runs = l->segments - 1;
    job->skip = l->segment_step - run_bytes;
    c->block.pixel = job->more_runs * l->segment_step + run_bytes;
}

void upyml_conv2d_prepare_block(upyml_conv2d *c, const uint8_t *block, int32_t channel) {
    upyml_conv2d_prepare_job(c, channel);
    expand(c, block + 4 * (channel & 3));
}

// Pixel by pixel, for channels that the lines' requantization is not exact for.
static void run_plain(const upyml_conv2d *c, const upyml_conv2d_line *line, int32_t channel) {
    upyml_conv2d_job job = c->block.job;
    job.skip = c->layout.segment_step - 8 * (job.turns + 1);  // also of a kernel that is 3x9
    int32_t bias = upyml_load_word(c->channels.bias + 4 * channel);
    const int32_t *x = line->x - 1;
    int8_t *output = line->output + channel;
    for (int32_t count = line->count; count > 0; count--, output += line->out_step, x += line->pixel_step >> 2) {
        int32_t accumulator = upyml_add_wrapped(upyml_conv2d_sum(&job, x), bias);
        int32_t y = upyml_requantize_plain(accumulator, &job.q, c->p->out_zero_point);
        *output = (int8_t)upyml_clamp(y, c->p->clamp_min, c->p->clamp_max);
    }
}

static void clamp_line(const upyml_window *p, int8_t *output, int32_t count, int32_t step) {
    for (int32_t low = p->clamp_min, high = p->clamp_max; count > 0; count--, output += step) {
        *output = (int8_t)upyml_clamp(*output, low, high);
    }
}

// All lines. Behind a line's last pixel, x of one more is loaded: 0 where that is not in scratch, as with large strides.
// It always is where is_3x9.
static int lay_lines(const upyml_conv2d *c, const upyml_conv2d_lines *lines, int32_t channel, upyml_conv2d_walk *walk) {
    const upyml_conv2d_line *line = &lines->first;
    int32_t step = line->count == 1 ? c->block.pixel : line->pixel_step;
    walk->x = line->x - 1;
    walk->output = line->output + channel;
    walk->count = line->count;
    walk->out_step = line->out_step;
    walk->lines = lines->count;
    walk->back = step - c->block.pixel;
    walk->next_x = lines->x_step - line->count * step - 8;
    walk->next_output = lines->out_step - line->count * line->out_step;
    const uint8_t *loaded = (const uint8_t *)line->x + (lines->count - 1) * lines->x_step + line->count * step + 8;
    return loaded <= (const uint8_t *)c->weights + c->layout.weights_size;
}

static void run_walk(const upyml_conv2d *c, const upyml_conv2d_walk *walk) {
    if (c->block.is_3x9) {
        upyml_conv2d_pixels_3x9(&c->block.job, walk);
    } else {
        upyml_conv2d_pixels(&c->block.job, walk);
    }
}

// Where requantization is not exact in the walk, or x of one pixel more, lines are made pixel by pixel.
void upyml_conv2d_run_lines(const upyml_conv2d *c, const upyml_conv2d_lines *lines, int32_t channel) {
    upyml_conv2d_walk walk;
    int plain = c->block.job.q.plain || !lay_lines(c, lines, channel, &walk);
    if (!plain) {
        run_walk(c, &walk);
    }
    if (plain || c->block.narrow) {
        upyml_conv2d_line line = lines->first;
        for (int32_t left = lines->count; left > 0; left--, line.x += lines->x_step >> 2, line.output += lines->out_step) {
            if (plain) {
                run_plain(c, &line, channel);
            } else {
                clamp_line(c->p, line.output + channel, line.count, line.out_step);
            }
        }
    }
}

// Channels differ in the job alone.
int upyml_conv2d_run_blocks(upyml_conv2d *c, const upyml_conv2d_lines *lines, const uint8_t *weights, int32_t channel,
    int32_t blocks, int32_t block_bytes) {
    upyml_conv2d_walk walk;
    if (!lay_lines(c, lines, channel, &walk) || c->block.narrow) {
        return 0;
    }
    for (int32_t step = block_bytes > 0 ? 1 : -1; ; walk.output += step) {
        if (c->block.job.q.plain) {
            upyml_conv2d_run_lines(c, lines, channel);
        } else {
            run_walk(c, &walk);
        }
        if (--blocks == 0) {
            return 1;
        }
        channel += step;
        weights += (channel ^ (channel - step)) & 4 ? block_bytes : 0;
        upyml_conv2d_prepare_block(c, weights, channel);
    }
}
