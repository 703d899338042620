// Convolution on a Cortex-M0+, strip by strip of output rows:
// 1. The input rows that the strip reads are packed into scratch, two values to a word, with their padding.
// 2. For each block of four output channels the weights are expanded into scratch, again two to a word;
// 3. then for each row the four channels' accumulators of all pixels are made,
// 4. and requantized, one channel after another.
// Windows of short kernel rows, and dilated ones, are gathered pixel by pixel first, so that each is one run of words.
#include "../rows.h"
#include "../weights.h"
#include "conv2d.h"
#include "conv2d_rows.h"
#include "requantization.h"

// conv2d_dot.S, expand_weights.S
void upyml_m0_conv2d_dot(const int32_t *weights, const int32_t *x, int32_t *accumulators, int32_t count,
    const int32_t bias[4], int32_t pixel_step, int32_t words, int32_t segments, int32_t segment_step);
void upyml_m0_expand_weights(const uint8_t *weights, int32_t *words, int32_t quads);

typedef struct {
    const upyml_window *p;
    upyml_m0_layout layout;
    upyml_channels channels;
    uint8_t *rows;
    int32_t *gathered, *weights, *accumulators;
    int32_t bias[4];  // of the channels of one block
    upyml_requantization_m0 q[4];
    int32_t plain;  // is any of them?
} convolution;

// Pixels whose outputs are out_step apart, inputs pixel_step.
typedef struct {
    const int32_t *x;
    int8_t *output;
    int32_t count, pixel_step, out_step;
} line;

// The same as upyml_m0_expand_weights for weights that do not start on a word.
static void expand_bytes(const uint8_t *weights, int32_t *words, int32_t quads) {
    for (int32_t i = 0; i < 4 * quads; i++) {
        uint32_t four = upyml_load32(weights + 4 * i);
        int32_t *word = words + (i >> 2) * 8 + (i & 3);
        word[0] = (int32_t)((four & 0x00ff00ff) - 0x00800080);
        word[4] = (int32_t)((four >> 8 & 0x00ff00ff) - 0x00800080);
    }
}

// Makes one block's weights, biases and requantization ready. The weights lie in runs of a kernel row: an odd run's
// last word has k that there are not and is written over by the next run, or by accumulators.
static void prepare_block(convolution *c, const uint8_t *block, int32_t channel) {
    int32_t quads = (c->layout.run_words + 1) >> 1, *words = c->weights;
    for (int32_t ky = 0; ky < c->p->kernel_h; ky++, words += 4 * c->layout.run_words, block += 16 * quads) {
        if (((uintptr_t)block & 3) == 0) {
            upyml_m0_expand_weights(block, words, quads);
        } else {
            expand_bytes(block, words, quads);
        }
    }
    c->plain = 0;
    for (int32_t i = 0; i < 4; i++, channel++) {
        c->bias[i] = upyml_m0_load_word(c->channels.bias + 4 * channel);
        if (channel < c->p->out_c) {
            int32_t at = channel * c->channels.step;
            upyml_m0_prepare_channel(&c->q[i], upyml_m0_load_word(c->channels.multipliers + 4 * at),
                c->channels.shifts[at], c->channels.bits[at]);
            c->plain |= c->q[i].plain;
        }
    }
}

// Line `number` of a strip whose rows are used as they are: a row, or every other pixel of it.
static line strip_line(const convolution *c, int8_t *output, int32_t first, int32_t number) {
    const upyml_m0_layout *l = &c->layout;
    int odd = l->copies > 1 ? number & 1 : 0;
    int32_t row = l->copies > 1 ? number >> 1 : number, out_c = c->p->out_c;
    int32_t out_row = c->p->out_ring == c->p->out_h ? first + row : (first + row) % c->p->out_ring;
    line made = {
        (const int32_t *)(c->rows + row * l->row_step * l->row_bytes),
        output + (out_row * l->unit_w + odd) * out_c,
        (l->unit_w + l->copies - 1 - odd) >> (l->copies - 1),
        2 * l->pixel_elements * l->copies,
        out_c * l->copies,
    };
    if (odd) {
        made.x += (l->row_bytes >> 3) + (l->pixel_elements >> 1);
    }
    return made;
}

static void run_line(const convolution *c, const line *made, int32_t channel) {
    const upyml_m0_layout *l = &c->layout;
    if (l->pixel_bytes) {
        upyml_m0_conv2d_dot(c->weights, made->x, c->accumulators, made->count, c->bias, l->pixel_bytes,
            l->pixel_bytes >> 2, 1, 0);
    } else {
        upyml_m0_conv2d_dot(c->weights, made->x, c->accumulators, made->count, c->bias, made->pixel_step,
            l->run_words, c->p->kernel_h, c->p->dilation_h * l->row_bytes);
    }
    const upyml_requantization_m0 *q = c->q;
    int32_t channels = c->p->out_c - channel < 4 ? c->p->out_c - channel : 4;
    if (!c->plain) {
        upyml_m0_requantize_channels(c->accumulators, made->output + channel, q, made->count, 16, made->out_step,
            channels);
        return;
    }
    for (int32_t i = 0; i < channels; i++) {
        upyml_m0_requantize(c->accumulators + i, made->output + channel + i, q++, made->count, 16, made->out_step);
    }
}

// Every output channel of `lines` lines of the strip, or of the one line given.
static void run_blocks(convolution *c, const line *only, int8_t *output, int32_t first, int32_t lines) {
    const uint8_t *block = c->p->weights;
    int32_t block_bytes = c->p->kernel_h * ((c->layout.run_words + 1) >> 1) * 16;
    for (int32_t channel = 0; channel < c->p->out_c; channel += 4, block += block_bytes) {
        prepare_block(c, block, channel);
        if (only) {
            run_line(c, only, channel);
            continue;
        }
        for (int32_t number = 0; number < lines; number++) {
            line made = strip_line(c, output, first, number);
            run_line(c, &made, channel);
        }
    }
}

// The strip's rows as they are.
static void run_rows(convolution *c, int8_t *output, int32_t first, int32_t count) {
    const upyml_m0_layout *l = &c->layout;
    if (l->unit_w == 1 && c->p->out_ring == c->p->out_h) {
        line column = strip_line(c, output, first, 0);
        column.count = count;
        column.pixel_step = l->row_step * l->row_bytes;
        run_blocks(c, &column, output, first, 1);
    } else {
        run_blocks(c, NULL, output, first, count * l->copies);
    }
}

// The strip's pixels, as many at a time as there is room for.
static void run_gathered(convolution *c, int8_t *output, int32_t first, int32_t count) {
    const upyml_m0_layout *l = &c->layout;
    const upyml_window *p = c->p;
    int whole = p->out_ring == p->out_h;
    for (int32_t row = 0, column = 0; row < count;) {
        int32_t pixels = (whole ? count - row : 1) * l->unit_w - column;
        pixels = pixels < l->batch ? pixels : l->batch;
        upyml_m0_conv2d_gather(p, l, c->rows, row, column, pixels, c->gathered);
        int32_t out_row = whole ? first + row : (first + row) % p->out_ring;
        line made = {c->gathered, output + (out_row * l->unit_w + column) * p->out_c, pixels, 0, p->out_c};
        run_blocks(c, &made, output, first, 1);
        for (column += pixels; column >= l->unit_w; column -= l->unit_w) {
            row++;
        }
    }
}

void upyml_m0_conv2d(const upyml_window *p, int per_channel, const int8_t *input, int8_t *output, uint8_t *scratch) {
    convolution c;
    c.p = p;
    c.channels = upyml_read_channels(p->channels, p->out_c, per_channel);
    upyml_m0_conv2d_fit(p, &c.layout);
    const upyml_m0_layout *l = &c.layout;
    c.rows = scratch;
    c.gathered = (int32_t *)(scratch + l->rows_size);
    c.weights = (int32_t *)(scratch + l->rows_size + l->gathered_size);
    c.accumulators = (int32_t *)(scratch + l->rows_size + l->gathered_size + l->weights_size);
    for (int i = 0; i < 4; i++) {
        upyml_m0_prepare_range(&c.q[i], p->out_zero_point, p->clamp_min, p->clamp_max);
    }
    int32_t unit = p->out_h == l->units ? 1 : p->out_w;  // units of a row
    int32_t begin = p->first_row * unit, end = p->end_row * unit, before = 0;
    while (begin < end) {
        int32_t count = end - begin < l->strip ? end - begin : l->strip;
        int32_t first = p->order == UPYML_ORDER_REVERSE ? end - count : begin;
        upyml_m0_conv2d_load_rows(p, l, input, c.rows, first, count, before);
        if (l->pixel_bytes) {
            run_gathered(&c, output, first, count);
        } else {
            run_rows(&c, output, first, count);
        }
        before = count;
        if (p->order == UPYML_ORDER_REVERSE) {
            end -= count;
        } else {
            begin += count;
        }
    }
}

void upyml_conv2d_s8(const upyml_window *p, const int8_t *input, int8_t *output, uint8_t *scratch) {
    upyml_m0_conv2d(p, 1, input, output, scratch);
}
