// Convolution for CPUs that multiply pairs of values, strip by strip of output rows:
// 1. The input rows that the strip reads are packed into scratch, two values to a word, with their padding.
// 2. For each block of four output channels the weights are expanded into scratch, again two to a word;
// 3. then for each row the four channels' accumulators of all pixels are made and requantized, some pixels at a time.
// Where kernel rows are short or dilated, each column of pixels has rows of its own: see conv2d_layout.h.
// What a CPU does with a block, steps 2 and 3, stands in its conv2d_block.c. On an LX6 a block is one channel. Of sparse
// weights, whose blocks are of four channels on each CPU, a list is made in step 2: see conv2d_layout.h.
#include "../ops.h"
#include "../rows.h"
#include "conv2d.h"
#include "conv2d_block.h"
#include "conv2d_rows.h"

// A strip's lines lie evenly in up to four sheets: a row's even and odd pixels may be packed apart, and a ring may end
// within the strip.
enum { MOST_SHEETS = 4 };

// The strip's rows from `row` on, or every other pixel of them: those up to the end of the output's ring.
static upyml_conv2d_lines row_lines(const upyml_conv2d *c, int8_t *output, int32_t first, int32_t count, int32_t row,
    int odd) {
    const upyml_conv2d_layout *l = &c->layout;
    int32_t out_c = c->p->out_c, out_row = upyml_slot(first + row, c->p->out_ring), room = c->p->out_ring - out_row;
    upyml_conv2d_lines made = {
        {
            (const int32_t *)(c->rows + row * l->row_step * l->row_bytes),
            output + (out_row * l->unit_w + odd) * out_c,
            (l->unit_w + l->lines - 1 - odd) >> (l->lines - 1),
            l->pixel_step,
            out_c * l->lines,
        },
        count - row,
        l->row_step * l->row_bytes,
        l->unit_w * out_c,
    };
    made.count = made.count < room ? made.count : room;
    if (odd) {
        made.first.x += (l->packed_bytes >> 3) + (l->pixel_elements >> 1);
    }
    return made;
}

// The strip's columns, of `count` pixels.
static upyml_conv2d_lines column_lines(const upyml_conv2d *c, int8_t *output, int32_t first, int32_t count) {
    const upyml_conv2d_layout *l = &c->layout;
    int32_t out_c = c->p->out_c;
    upyml_conv2d_lines made = {
        {(const int32_t *)c->rows, output + first * l->unit_w * out_c, count, l->row_step * l->row_bytes, l->unit_w * out_c},
        l->unit_w,
        l->column_bytes,
        out_c,
    };
    return made;
}

// Bytes of four channels' weights in the file, but of sparse ones.
static int32_t bytes_of_block(const upyml_conv2d *c, int int4) {
    return c->p->kernel_h * (int4 ? (c->layout.run_words + 3) >> 2 : (c->layout.run_words + 1) >> 1) * 16;
}

static void run_sparse_lines(const upyml_conv2d *c, const upyml_conv2d_lines *lines, int32_t channel) {
    upyml_conv2d_line line = lines->first;
    for (int32_t left = lines->count; left > 0; left--) {
        upyml_conv2d_run_sparse_line(c, &line, channel);
        line.x += lines->x_step >> 2;
        line.output += lines->out_step;
    }
}

// A strip with sparse weights, as run_strip. Not inline: its variables would cost the other ways time.
static __attribute__((noinline)) void run_sparse_strip(upyml_conv2d *c, const upyml_conv2d_lines *sheets, int32_t number) {
    int32_t blocks = (c->p->out_c + 3) >> 2, last = 4 * (blocks - 1);
    int32_t channel = c->ready == last ? last : 0, step = channel ? -4 : 4;
    for (; blocks > 0; blocks--, channel += step) {
        if (c->ready != channel) {
            upyml_conv2d_prepare_sparse(c, channel);
            c->ready = channel;
        }
        for (int32_t i = 0; i < number; i++) {
            run_sparse_lines(c, &sheets[i], channel);
        }
    }
}

// Every output channel of the `count` rows of a strip. What the strip before ended with is where this one begins: that
// block need not be prepared again.
static void run_strip(upyml_conv2d *c, int8_t *output, int32_t first, int32_t count) {
    const upyml_conv2d_layout *l = &c->layout;
    int by_columns = (l->unit_w == 1 || (l->column_bytes && count > l->unit_w)) && c->p->out_ring == c->p->out_h;
    upyml_conv2d_lines sheets[MOST_SHEETS];
    int32_t number = 0;
    if (by_columns) {
        sheets[number++] = column_lines(c, output, first, count);
    }
    for (int32_t row = 0; row < count && !by_columns; row += sheets[number - 1].count) {
        for (int odd = 0; odd < l->lines; odd++) {
            sheets[number++] = row_lines(c, output, first, count, row, odd);
        }
    }
    if (UPYML_HAS(SPARSE) && c->p->coding == UPYML_CODING_SPARSE) {
        run_sparse_strip(c, sheets, number);
        return;
    }
    int int4 = UPYML_HAS(INT4) && c->p->coding == UPYML_CODING_INT4;
    int32_t block_bytes = bytes_of_block(c, int4), most = UPYML_BLOCK_CHANNELS;
    int32_t blocks = (c->p->out_c + most - 1) / most, last = most * (blocks - 1);
    int32_t channel = c->ready == last ? last : 0, step = channel ? -most : most;
    const uint8_t *block = c->p->weights + (channel >> 2) * block_bytes;
    block_bytes = channel ? -block_bytes : block_bytes;
    for (int at_once = number == 1 && !int4; blocks > 0; blocks--, at_once = 0) {
        if (c->ready != channel) {
            if (int4) {
                upyml_conv2d_prepare_int4(c, block, channel);
            } else {
                upyml_conv2d_prepare_block(c, block, channel);
            }
            c->ready = channel;
        }
        if (at_once && upyml_conv2d_run_blocks(c, sheets, block, channel, blocks, block_bytes)) {
            c->ready = last - channel;
            return;
        }
        for (int32_t i = 0; i < number; i++) {
            upyml_conv2d_run_lines(c, &sheets[i], channel);
        }
        channel += step;
        block += most == 4 || ((channel ^ (channel - step)) & 4) ? block_bytes : 0;
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
    c.weights = (int32_t *)(scratch + l->rows_size);
    c.ready = -1;
    upyml_conv2d_begin_blocks(&c);
    int32_t unit = p->out_h == l->units ? 1 : p->out_w;  // units of a row
    int32_t begin = p->first_row * unit, end = p->end_row * unit, before = 0;
    int32_t most = l->strip < p->out_ring * unit ? l->strip : p->out_ring * unit;
    while (begin < end) {
        int32_t count = end - begin < most ? end - begin : most;
        int32_t first = p->order == UPYML_ORDER_REVERSE ? end - count : begin;
        upyml_conv2d_load_rows(p, l, input, c.rows, first, count, before);
        run_strip(&c, output, first, count);
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
