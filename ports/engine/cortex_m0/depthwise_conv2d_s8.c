// Depthwise convolution in strips, channel by channel: pack the strip's input rows, sum, requantize. See depthwise.h.
#include "../rows.h"
#include "../pairs/depthwise_pixels.h"
#include "depthwise.h"
#include "../pairs/load_word.h"

static int32_t smaller(int32_t a, int32_t b) {
    return a < b ? a : b;
}

// The weights and where their words lie; weights of 0 cost nothing.
static void list_taps(upyml_depthwise *s, const uint8_t *block, int channel) {
    const upyml_window *p = s->p;
    uint32_t *tap = s->taps;
    int32_t k = 0;
    for (int32_t ky = 0; ky < p->kernel_h; ky++) {
        uint32_t distance = (uint32_t)(ky * p->dilation_h * s->layout.row_words) << 10;
        for (int32_t kx = 0; kx < p->kernel_w; kx++, k++, distance += (uint32_t)p->dilation_w << 10) {
            int32_t weight = upyml_weight(block, k, channel);
            if (weight != 0) {
                *tap++ = distance | (uint8_t)weight;
            }
        }
    }
    while (tap == s->taps || ((tap - s->taps) & 1) != 0) {
        *tap++ = 0;
    }
    s->rows.taps_end = tap;
}

// Windows of a row, and the bytes that they begin in.
static void set_span(upyml_depthwise *s, int32_t columns) {
    s->rows.span = columns * s->rows.step;
    s->rows.next_row = s->rows.row_bytes - s->rows.span;
}

// Any kernel. A function of its own, so that the usual one saves no registers for it.
__attribute__((noinline)) static void prepare_taps(upyml_depthwise *s, int32_t channel) {
    const upyml_window *p = s->p;
    s->by_taps = 1;
    set_span(s, s->layout.columns);
    list_taps(s, p->weights + (channel >> 2) * (((p->kernel_h * p->kernel_w + 3) & ~3) * 4), channel & 3);
}

void upyml_depthwise_prepare(upyml_depthwise *s, int32_t channel) {
    s->prepared = channel;
    s->rows.bias = upyml_load_word(s->channels.bias + 4 * channel);
    upyml_prepare_channel(&s->requantization, upyml_load_word(s->channels.multipliers + 4 * channel),
        s->channels.shifts[channel], s->channels.bits[channel]);
    if (s->is_3x3) {
        const uint8_t *weights = s->p->weights + (channel >> 2) * 48 + (channel & 3) * 4;
        int32_t taps_added = upyml_depthwise_read_3x3(weights, s->rows.weights);
        if (taps_added != UPYML_DEPTHWISE_ONE_TAP) {
            s->rows.loop = s->loop + 2 * taps_added;
            s->rows.single = s->single + 2 * taps_added;
            if (s->by_taps) {
                s->by_taps = 0;
                set_span(s, s->layout.columns & ~1);
            }
            return;
        }
    }
    prepare_taps(s, channel);
}

// The largest strip, in output rows, for which there is room.
static int32_t choose_strip(const upyml_window *p) {
    int32_t fits = 1, most = p->end_row - p->first_row;
    for (int32_t strip = most; fits < most; strip = (fits + most + 1) >> 1) {
        if (upyml_depthwise_conv2d_s8_scratch_size(p, strip) <= p->scratch_size) {
            fits = strip;
        } else {
            most = strip - 1;
        }
    }
    return fits;
}

// Of a row of words, the first have padding in the high lane, the last in the low one, and behind them is padding in both.
static void split_rows(upyml_depthwise *s) {
    const upyml_window *p = s->p;
    int32_t low = s->layout.columns * p->stride_w - p->pad_left, high_end = p->pad_left + p->in_w;
    high_end = smaller(high_end, s->layout.row_words);
    int32_t low_end = smaller(p->in_w - low, s->layout.row_words);
    upyml_depthwise_split *split = &s->split;
    split->low_only = p->pad_left;
    split->both = low_end - p->pad_left;
    split->high_only = high_end - low_end;
    split->row_gap = 4 * (s->layout.row_words - high_end);
    split->step = p->in_c;
    split->row_bytes = p->in_w * p->in_c;
    split->low = low * p->in_c;
    split->zero_point = p->in_zero_point;
}

static void begin(upyml_depthwise *s, const upyml_window *p, const int8_t *input, int8_t *output, uint8_t *scratch) {
    s->p = p;
    s->input = input;
    s->output = output;
    s->in_ring = p->in_ring;
    s->strip = choose_strip(p);
    upyml_depthwise_lay_out(p, s->strip, &s->layout);
    s->words = (int32_t *)(void *)scratch;
    s->accumulators = (int32_t *)(void *)(scratch + s->layout.accumulators);
    s->taps = (uint32_t *)(void *)(scratch + s->layout.taps);
    s->zero_point = (int8_t)p->in_zero_point;
    s->listed_row = s->repeated_row = s->prepared = -1;
    s->channels = upyml_read_channels(p->channels, p->out_c, 1);
    upyml_prepare_range(&s->requantization, p->out_zero_point, p->clamp_min, p->clamp_max);
    s->is_3x3 = (uint8_t)upyml_depthwise_is_3x3(p);
    s->by_taps = 1;
    int32_t loop = p->stride_w == 2 ? UPYML_DEPTHWISE_LOOP_2 : UPYML_DEPTHWISE_LOOP_1;
    s->loop = s->layout.columns > 1 ? loop : UPYML_DEPTHWISE_LOOP_SINGLE;
    s->single = s->layout.columns & 1 ? UPYML_DEPTHWISE_LOOP_SINGLE : UPYML_DEPTHWISE_LOOP_NONE;
    s->out_row_bytes = p->out_w * p->out_c;
    upyml_depthwise_rows *rows = &s->rows;
    int32_t tap_bytes = 4 * p->dilation_h * s->layout.row_words, window = p->stride_w == 2 ? 20 : 16;
    rows->advance = tap_bytes - window;
    rows->back = 8 * p->stride_w - 2 * tap_bytes - window;
    rows->single_advance = tap_bytes - 12;
    rows->accumulators = s->accumulators;
    rows->step = 4 * p->stride_w;
    rows->row_bytes = 4 * p->stride_h * s->layout.row_words;
    rows->taps = s->taps;
    if (s->layout.by_columns) {
        split_rows(s);
    }
    if (!s->layout.by_columns || s->split.row_gap) {
        // This padding stays: only what lies between is packed again for each channel.
        upyml_depthwise_pad(s, s->words, s->layout.word_rows);
    }
}

// Output rows from `row` to `end` of all channels, one channel after another.
static void make_rows(upyml_depthwise *s, int32_t row, int32_t end) {
    if (s->layout.by_columns) {
        upyml_depthwise_by_columns(s, row, end);
    } else {
        upyml_depthwise_by_rows(s, row, end);
    }
}

void upyml_depthwise_conv2d_s8(const upyml_window *p, const int8_t *input, int8_t *output, uint8_t *scratch) {
    if (upyml_depthwise_takes_pixels(p)) {
        upyml_depthwise_pixels(p, input, output);
        return;
    }
    upyml_depthwise s;
    begin(&s, p, input, output, scratch);
    if (p->order == UPYML_ORDER_DISJOINT || p->order == UPYML_ORDER_PLANE) {
        make_rows(&s, p->first_row, p->end_row);
        return;
    }
    upyml_rows rows;
    upyml_rows_begin(&rows, p, input, scratch + s.layout.ring);
    rows.ring_rows = s.in_ring = s.layout.ring_rows;
    s.input = (const int8_t *)rows.ring;
    int32_t count = p->end_row - p->first_row;
    for (int32_t done = 0; done < count; done += s.strip) {
        int32_t next = smaller(done + s.strip, count);
        for (int32_t step = done; step < next; step++) {
            upyml_rows_load(&rows, p, upyml_rows_output(&rows, p, step));
        }
        int32_t first = upyml_rows_output(&rows, p, rows.reverse ? next - 1 : done);
        make_rows(&s, first, first + next - done);
    }
}
