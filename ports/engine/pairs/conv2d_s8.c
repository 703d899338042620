// Convolution for CPUs that multiply pairs of values, strip by strip of output rows:
// 1. The input rows that the strip reads are packed into scratch, two values to a word, with their padding.
// 2. For each block of four output channels the weights are expanded into scratch, again two to a word;
// 3. then for each row the four channels' accumulators of all pixels are made,
// 4. and requantized, one channel after another.
// Windows of short kernel rows, and dilated ones, are gathered pixel by pixel first, so that each is one run of words.
// What a CPU does with a block, steps 2 to 4, stands in conv2d_block.c.
#include "conv2d.h"
#include "conv2d_block.h"
#include "conv2d_rows.h"

// Line `number` of a strip whose rows are used as they are: a row, or every other pixel of it.
static upyml_conv2d_line strip_line(const upyml_conv2d *c, int8_t *output, int32_t first, int32_t number) {
    const upyml_conv2d_layout *l = &c->layout;
    int odd = l->copies > 1 ? number & 1 : 0;
    int32_t row = l->copies > 1 ? number >> 1 : number, out_c = c->p->out_c;
    int32_t out_row = c->p->out_ring == c->p->out_h ? first + row : (first + row) % c->p->out_ring;
    upyml_conv2d_line made = {
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

// Every output channel of `lines` lines of the strip, or of the one line given.
static void run_blocks(upyml_conv2d *c, const upyml_conv2d_line *only, int8_t *output, int32_t first, int32_t lines) {
    const uint8_t *block = c->p->weights;
    int32_t block_bytes = c->p->kernel_h * ((c->layout.run_words + 1) >> 1) * 16;
    for (int32_t channel = 0; channel < c->p->out_c; channel += UPYML_BLOCK_CHANNELS,
        block += UPYML_BLOCK_CHANNELS == 4 || (channel & 3) == 0 ? block_bytes : 0) {
        upyml_conv2d_prepare_block(c, block, channel);
        if (only) {
            upyml_conv2d_run_line(c, only, channel);
            continue;
        }
        for (int32_t number = 0; number < lines; number++) {
            upyml_conv2d_line made = strip_line(c, output, first, number);
            upyml_conv2d_run_line(c, &made, channel);
        }
    }
}

// The strip's rows as they are.
static void run_rows(upyml_conv2d *c, int8_t *output, int32_t first, int32_t count) {
    const upyml_conv2d_layout *l = &c->layout;
    if (l->unit_w == 1 && c->p->out_ring == c->p->out_h) {
        upyml_conv2d_line column = strip_line(c, output, first, 0);
        column.count = count;
        column.pixel_step = l->row_step * l->row_bytes;
        run_blocks(c, &column, output, first, 1);
    } else {
        run_blocks(c, NULL, output, first, count * l->copies);
    }
}

// The strip's pixels, as many at a time as there is room for.
static void run_gathered(upyml_conv2d *c, int8_t *output, int32_t first, int32_t count) {
    const upyml_conv2d_layout *l = &c->layout;
    const upyml_window *p = c->p;
    int whole = p->out_ring == p->out_h;
    for (int32_t row = 0, column = 0; row < count;) {
        int32_t pixels = (whole ? count - row : 1) * l->unit_w - column;
        pixels = pixels < l->batch ? pixels : l->batch;
        upyml_conv2d_gather(p, l, c->rows, row, column, pixels, c->gathered);
        int32_t out_row = whole ? first + row : (first + row) % p->out_ring;
        upyml_conv2d_line made = {c->gathered, output + (out_row * l->unit_w + column) * p->out_c, pixels, 0, p->out_c};
        run_blocks(c, &made, output, first, 1);
        for (column += pixels; column >= l->unit_w; column -= l->unit_w) {
            row++;
        }
    }
}

void upyml_conv2d_by_strips(const upyml_window *p, int per_channel, const int8_t *input, int8_t *output,
    uint8_t *scratch) {
    upyml_conv2d c;
    c.p = p;
    c.channels = upyml_read_channels(p->channels, p->out_c, per_channel);
    upyml_conv2d_fit(p, &c.layout);
    const upyml_conv2d_layout *l = &c.layout;
    c.rows = scratch;
    c.gathered = (int32_t *)(scratch + l->rows_size);
    c.weights = (int32_t *)(scratch + l->rows_size + l->gathered_size);
    c.accumulators = (int32_t *)(scratch + l->rows_size + l->gathered_size + l->weights_size);
    upyml_conv2d_begin_blocks(&c);
    int32_t unit = p->out_h == l->units ? 1 : p->out_w;  // units of a row
    int32_t begin = p->first_row * unit, end = p->end_row * unit, before = 0;
    while (begin < end) {
        int32_t count = end - begin < l->strip ? end - begin : l->strip;
        int32_t first = p->order == UPYML_ORDER_REVERSE ? end - count : begin;
        upyml_conv2d_load_rows(p, l, input, c.rows, first, count, before);
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
    upyml_conv2d_by_strips(p, 1, input, output, scratch);
}
