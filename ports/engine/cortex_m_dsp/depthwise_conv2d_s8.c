// Depthwise convolution in strips, channel by channel: pack the strip's input rows, then sum and requantize. See
// depthwise.h.
#include "../rows.h"
#include "../pairs/load_word.h"
#include "../weights.h"
#include "../pairs/depthwise_pixels.h"
#include "depthwise.h"
#include "depthwise_rows.h"
#include "hot.h"

typedef struct {
    const upyml_window *p;
    int8_t *output;
    int32_t strip, out_row_bytes, is_3x3;
    int32_t *taps, phase_taps;  // of phase 0, after which those of phase 1 lie
    int32_t prepared;  // output channel of what follows
    int32_t bias;
    upyml_prepared q;
    upyml_depthwise_3x3 rows;
    upyml_depthwise_layout layout;
    upyml_depthwise_packed packed;
    upyml_channels channels;
} planes;

static int32_t smaller(int32_t a, int32_t b) {
    return a < b ? a : b;
}

// Rows of words that a kernel's taps are in.
static int32_t tap_rows(const upyml_window *p, int32_t phase) {
    return p->dilation_h > 1 ? p->kernel_h : (p->kernel_h + phase + 1) >> 1;
}

// Taps of any kernel, for output rows that begin with the low half of a word or, `phase` 1, with the high one.
static void list_taps(const planes *s, const uint8_t *block, int channel, int32_t phase) {
    const upyml_window *p = s->p;
    int32_t *taps = s->taps + phase * s->phase_taps, k = 0;
    memset(taps, 0, (size_t)(4 * tap_rows(p, phase) * p->kernel_w));
    for (int32_t ky = 0; ky < p->kernel_h; ky++) {
        int32_t y = phase + ky * p->dilation_h, *tap = taps + (p->dilation_h > 1 ? ky : y >> 1) * p->kernel_w;
        for (int32_t kx = 0; kx < p->kernel_w; kx++, k++) {
            int32_t weight = upyml_weight(block, k, channel);
            *tap++ |= y & 1 ? (int32_t)((uint32_t)weight << 16) : weight & 0xffff;
        }
    }
}

static void prepare_3x3(upyml_depthwise_3x3 *rows, const uint8_t *block, int channel) {
    for (int32_t kx = 0; kx < 3; kx++) {
        int32_t w1 = upyml_weight(block, 3 + kx, channel);
        rows->upper[kx] = upyml_pair_lows(upyml_weight(block, kx, channel), w1);
        rows->lower[kx] = upyml_pair_lows(w1, upyml_weight(block, 6 + kx, channel));
    }
}

static void prepare(planes *s, int32_t channel) {
    const upyml_window *p = s->p;
    const uint8_t *block = p->weights + (channel >> 2) * (((p->kernel_h * p->kernel_w + 3) & ~3) * 4);
    s->bias = upyml_load_word(s->channels.bias + 4 * channel);
    upyml_prepare_channel(&s->q, upyml_load_word(s->channels.multipliers + 4 * channel), s->channels.shifts[channel],
        s->channels.bits[channel]);
    s->prepared = channel;
    if (s->is_3x3) {
        prepare_3x3(&s->rows, block, channel & 3);
        s->rows.bias = s->bias;
        s->rows.multiplier = s->q.multiplier;
        s->rows.offset = s->q.offset;
        s->rows.right_shift = s->q.right_shift;
        s->rows.special = s->q.special;
        return;
    }
    for (int32_t phase = 0; phase < s->layout.phases; phase++) {
        list_taps(s, block, channel & 3, phase);
    }
}

void upyml_depthwise_finish_special(const upyml_depthwise_3x3 *rows, const int32_t sums[4], int8_t *output, int32_t second) {
    for (int i = 0; i < 2; i++, output += rows->step) {
        output[second] = (int8_t)upyml_requantize_special(sums[2 + i], rows->q);
        *output = (int8_t)upyml_requantize_special(sums[i], rows->q);
    }
}

// Sums of four output pixels whose first words are `at` bytes from a row's start, in words. y: their first input row.
static UPYML_HOT void sum_four(const planes *s, int32_t y, const int32_t at[4], int32_t sums[4]) {
    const upyml_window *p = s->p;
    const int32_t *taps = s->taps + (y & 1) * s->phase_taps, *end = taps + tap_rows(p, y & 1) * p->kernel_w;
    int32_t at1 = at[1] - at[0], at2 = at[2] - at[0], at3 = at[3] - at[0], next = p->dilation_w;
    int32_t sum0 = s->bias, sum1 = sum0, sum2 = sum0, sum3 = sum0;
    for (; taps < end; y += p->dilation_h > 1 ? p->dilation_h : 2) {
        const int32_t *word = s->packed.words + (y >> 1) * s->layout.row_words + at[0];
        for (int32_t left = p->kernel_w; left > 0; left--, word += next) {
            int32_t tap = *taps++;
            sum0 = upyml_smlad(word[0], tap, sum0);
            sum1 = upyml_smlad(word[at1], tap, sum1);
            sum2 = upyml_smlad(word[at2], tap, sum2);
            sum3 = upyml_smlad(word[at3], tap, sum3);
        }
    }
    sums[0] = sum0;
    sums[1] = sum1;
    sums[2] = sum2;
    sums[3] = sum3;
}

// One row of output; those of the last four columns that there are not are the last one again.
static void make_row(const planes *s, int32_t y, int8_t *output) {
    const upyml_window *p = s->p;
    for (int32_t column = 0; column < p->out_w; column += 4) {
        int32_t at[4], sums[4], count = smaller(4, p->out_w - column);
        for (int32_t i = 0; i < 4; i++) {
            at[i] = (column + smaller(i, count - 1)) * p->stride_w;
        }
        sum_four(s, y, at, sums);
        for (int32_t i = 0; i < count; i++, output += p->out_c) {
            *output = (int8_t)upyml_requantize_prepared_one(sums[i], &s->q);
        }
    }
}

// An even number of rows, or the last one, that lie one after another in the output but for the `second`.
static void make_rows_3x3(planes *s, int32_t y, int8_t *output, int32_t rows, int32_t second) {
    upyml_depthwise_3x3 *r = &s->rows;
    r->output = output;
    r->second = second;
    r->rows = rows;
    r->words = s->packed.words + (y >> 1) * s->layout.row_words;
    if (s->p->stride_h == 1) {
        upyml_depthwise_3x3_stride_1(r);
    } else {
        upyml_depthwise_3x3_stride_2(r);
    }
}

// Output rows `row` to `row` + `rows` of one output channel from the packed words.
static void make_channel(planes *s, int32_t channel, int32_t row, int32_t rows) {
    const upyml_window *p = s->p;
    if (channel != s->prepared) {
        prepare(s, channel);
    }
    for (int32_t y = 0; rows > 0;) {
        int32_t slot = upyml_slot(row, p->out_ring), count = 1;
        int8_t *output = s->output + slot * s->out_row_bytes + channel;
        if (!s->is_3x3) {
            make_row(s, y, output);
        } else {
            count = smaller(rows, p->out_ring - slot);
            int32_t second = s->out_row_bytes;
            if (count < rows && count > 1) {
                count &= ~1;
            } else if (count < rows) {  // the second row lies at the ring's start
                second = -slot * s->out_row_bytes;
                count = 2;
            }
            make_rows_3x3(s, y, output, count, second);
        }
        row += count;
        rows -= count;
        y += count * p->stride_h;
    }
}

// Output rows from `row` to `end` of all channels, one channel after another.
static void make_planes(planes *s, int32_t row, int32_t end) {
    const upyml_window *p = s->p;
    for (int32_t channel = 0; channel < p->in_c; channel++) {
        s->packed.end = 0;
        for (int32_t first = row; first < end; first += s->strip) {
            int32_t rows = smaller(s->strip, end - first);
            upyml_depthwise_pack(&s->packed, channel, first, rows);
            for (int32_t i = 0; i < p->multiplier; i++) {
                make_channel(s, channel * p->multiplier + i, first, rows);
            }
        }
    }
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

static void begin_3x3(planes *s) {
    const upyml_window *p = s->p;
    s->rows.step = p->out_c;
    s->rows.row_bytes = 4 * s->layout.row_words;
    s->rows.span = (p->out_w & ~1) * p->out_c;
    s->rows.odd = p->out_w & 1;
    s->rows.next = s->out_row_bytes;
    s->rows.q = &s->q;
}

static void begin(planes *s, const upyml_window *p, const int8_t *input, int8_t *output, uint8_t *scratch) {
    s->p = p;
    s->output = output;
    s->strip = choose_strip(p);
    s->out_row_bytes = p->out_w * p->out_c;
    upyml_depthwise_lay_out(p, s->strip, &s->layout);
    s->is_3x3 = s->layout.is_3x3;
    s->taps = (int32_t *)(void *)(scratch + s->layout.taps);
    s->phase_taps = s->layout.phases > 1 ? tap_rows(p, 0) * p->kernel_w : 0;
    s->prepared = -1;
    s->channels = upyml_read_channels(p->channels, p->out_c, 1);
    upyml_prepare_range(&s->q, p->out_zero_point, p->clamp_min, p->clamp_max);
    s->packed.p = p;
    s->packed.input = input;
    s->packed.in_ring = p->in_ring;
    s->packed.words = (int32_t *)(void *)scratch;
    s->packed.row_words = s->layout.row_words;
    upyml_depthwise_clear(&s->packed, s->layout.word_rows);
    if (s->is_3x3) {
        begin_3x3(s);
    }
}

void upyml_depthwise_conv2d_s8(const upyml_window *p, const int8_t *input, int8_t *output, uint8_t *scratch) {
    if (upyml_depthwise_takes_pixels(p)) {
        upyml_depthwise_pixels(p, input, output);
        return;
    }
    planes s;
    begin(&s, p, input, output, scratch);
    if (p->order == UPYML_ORDER_DISJOINT || p->order == UPYML_ORDER_PLANE) {
        make_planes(&s, p->first_row, p->end_row);
        return;
    }
    upyml_rows rows;
    upyml_rows_begin(&rows, p, input, scratch + s.layout.ring);
    rows.ring_rows = s.packed.in_ring = s.layout.ring_rows;
    s.packed.input = (const int8_t *)rows.ring;
    int32_t count = p->end_row - p->first_row;
    for (int32_t done = 0; done < count; done += s.strip) {
        int32_t next = smaller(done + s.strip, count);
        for (int32_t step = done; step < next; step++) {
            upyml_rows_load(&rows, p, upyml_rows_output(&rows, p, step));
        }
        int32_t first = upyml_rows_output(&rows, p, rows.reverse ? next - 1 : done);
        make_planes(&s, first, first + next - done);
    }
}
