// Depthwise convolution in strips, channel by channel: pack the strip's input rows, sum, requantize. See depthwise.h.
#include "../rows.h"
#include "../weights.h"
#include "../pairs/load_word.h"
#include "depthwise.h"
#include "requantization.h"

// As many as a single strip may need: each lane changes from padding to the input, around a ring's end, and to padding.
enum { MAX_RUNS = 7 };

typedef struct {
    const upyml_window *p;
    const int8_t *input;
    int8_t *output;
    int32_t in_ring, strip, out_row_bytes;
    int32_t *words, *accumulators;
    uint32_t *taps;
    int32_t packed_low, packed_end;  // input rows: the first one in the low lane; the end of those packed so far
    int32_t listed_row;  // output row of the strip that `runs` lists, or -1
    int32_t repeated_row;  // a later one whose list differs by its place in the input only, or -1
    int32_t prepared;  // output channel of the requantization, `taps` and `rows`
    uint8_t is_3x3, by_taps;
    int8_t zero_point;
    upyml_prepared requantization;
    upyml_depthwise_rows rows;
    upyml_depthwise_layout layout;
    upyml_channels channels;
    upyml_depthwise_run runs[MAX_RUNS + 1], *runs_end;
} planes;

// Where input row y of channel 0 lies, and how many rows from it on lie one behind the other.
typedef struct {
    const int8_t *start;
    int32_t step, rows, is_input;
} source;

static int32_t smaller(int32_t a, int32_t b) {
    return a < b ? a : b;
}

// end: rows from it on are not needed. No row is read from the input twice: output may lie over it.
static source find_rows(const planes *s, int32_t y, int32_t end) {
    const upyml_window *p = s->p;
    source found = {&s->zero_point, 0, INT32_MAX, 0};
    if (y < 0) {
        found.rows = -y;
    } else if (y < s->packed_end) {
        found.start = (const int8_t *)(s->words + (y - s->packed_low) * s->layout.row_words + p->pad_left);
        found.step = 4;
        found.rows = 1;
    } else if (y < end) {
        int32_t slot = upyml_slot(y, s->in_ring);
        found.start = s->input + slot * p->in_w * p->in_c;
        found.step = p->in_c;
        found.rows = smaller(end - y, s->in_ring - slot);
        found.is_input = 1;
    }
    return found;
}

static int32_t strip_start(const planes *s, int32_t row) {
    return row * s->p->stride_h - s->p->pad_top;
}

static void pack_runs(planes *s, upyml_depthwise_run *end, int32_t channel) {
    end->rows = 0;
    upyml_depthwise_pack(s->runs, channel, s->p->in_w, 4 * (s->layout.row_words - s->p->in_w));
}

// Lists the runs of rows that a strip needs and packs one channel of them.
static void pack(planes *s, int32_t channel, int32_t row, int32_t rows) {
    const upyml_window *p = s->p;
    int32_t pairs = (rows + 1) >> 1, left = (pairs - 1) * p->stride_h + upyml_reach(p);
    int32_t high_row = strip_start(s, row), low_row = strip_start(s, row + pairs);
    int32_t end = smaller(strip_start(s, row + rows - 1) + upyml_reach(p), p->in_h), first_low = low_row;
    int32_t *words = s->words + p->pad_left;
    upyml_depthwise_run *run = s->runs;
    s->listed_row = row;
    while (left > 0) {
        source high = find_rows(s, high_row, end), low = find_rows(s, low_row, end);
        int32_t count = smaller(smaller(high.rows, low.rows), left);
        if (run == s->runs + MAX_RUNS) {
            pack_runs(s, run, channel);
            run = s->runs;
            s->listed_row = -1;
        }
        upyml_depthwise_run next = {
            high.start, low.start, words, high.step, low.step, count, high.is_input, low.is_input,
        };
        *run++ = next;
        words += count * s->layout.row_words;
        high_row += count;
        low_row += count;
        left -= count;
    }
    pack_runs(s, run, channel);
    s->runs_end = run;
    int in_between = strip_start(s, row) >= 0 && s->packed_end > 0 && s->listed_row >= 0 && s->in_ring == p->in_h;
    s->repeated_row = in_between ? row + rows : -1;
    s->packed_low = first_low;
    s->packed_end = end;
}

// The weights and where their words lie; weights of 0 cost nothing.
static void list_taps(planes *s, const uint8_t *block, int channel) {
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

static void prepare(planes *s, int32_t channel) {
    const upyml_window *p = s->p;
    const uint8_t *block = p->weights + (channel >> 2) * (((p->kernel_h * p->kernel_w + 3) & ~3) * 4);
    s->rows.bias = upyml_load_word(s->channels.bias + 4 * channel);
    upyml_prepare_channel(&s->requantization, upyml_load_word(s->channels.multipliers + 4 * channel),
        s->channels.shifts[channel], s->channels.bits[channel]);
    s->prepared = channel;
    int taps_added = UPYML_DEPTHWISE_ONE_TAP;
    if (s->is_3x3) {
        taps_added = upyml_depthwise_read_3x3(block + 4 * (channel & 3), s->rows.weights);
        int32_t two_taps = 2 * taps_added, single = UPYML_DEPTHWISE_LOOP_SINGLE + two_taps;
        int32_t loop = (p->stride_w == 2 ? UPYML_DEPTHWISE_LOOP_2 : UPYML_DEPTHWISE_LOOP_1) + two_taps;
        s->rows.single = p->out_w & 1 ? single : UPYML_DEPTHWISE_LOOP_NONE;
        s->rows.loop = p->out_w > 1 ? loop : single;
    }
    s->by_taps = taps_added == UPYML_DEPTHWISE_ONE_TAP;
    s->rows.span = (s->by_taps ? p->out_w : p->out_w & ~1) * s->rows.step;
    s->rows.next_row = s->rows.row_bytes - s->rows.span;
    if (s->by_taps) {
        list_taps(s, block, channel & 3);
    }
}

// Row `row` of the output and those after it, at least one, from one lane.
static void write_rows(const planes *s, const int32_t *accumulators, int32_t row, int32_t rows) {
    const upyml_window *p = s->p;
    int32_t slot = upyml_slot(row, p->out_ring), before_end = p->out_ring - slot;
    if (rows > before_end) {
        write_rows(s, accumulators + 2 * before_end * p->out_w, row + before_end, rows - before_end);
        rows = before_end;
    }
    upyml_requantize_prepared(accumulators, s->output + s->prepared + slot * s->out_row_bytes, &s->requantization,
        rows * p->out_w, 8, p->out_c);
}

// Output rows `row` to `row` + `rows` of one output channel from the packed words.
static void make_channel(planes *s, int32_t channel, int32_t row, int32_t rows) {
    if (channel != s->prepared) {
        prepare(s, channel);
    }
    int32_t pairs = (rows + 1) >> 1, low_row = row + pairs, end = row + rows;
    const int32_t *words = s->words;
    for (;;) {
        int32_t count = smaller(s->layout.batch, pairs);
        s->rows.words = words;
        s->rows.pairs = count;
        if (s->by_taps) {
            upyml_depthwise_sum(&s->rows);
        } else {
            upyml_depthwise_sum_3x3(&s->rows);
        }
        write_rows(s, s->accumulators, row, count);
        int32_t low_rows = smaller(count, end - low_row);
        if (low_rows > 0) {
            write_rows(s, s->accumulators + 1, low_row, low_rows);
        }
        pairs -= count;
        if (pairs == 0) {
            return;
        }
        row += count;
        low_row += count;
        words += count * s->p->stride_h * s->layout.row_words;
    }
}

// Whether the strip differs from the listed one by its place only: both are full and away from the image's ends.
static int repeats(const planes *s, int32_t row, int32_t rows) {
    return row == s->repeated_row && rows == s->strip
           && strip_start(s, row + rows - 1) + upyml_reach(s->p) <= s->p->in_h;
}

static void pack_next(planes *s, int32_t channel) {
    int32_t rows = s->strip * s->p->stride_h, bytes = rows * s->p->in_w * s->p->in_c;
    for (upyml_depthwise_run *run = s->runs; run < s->runs_end; run++) {
        run->high += run->high_is_input ? bytes : 0;
        run->low += run->low_is_input ? bytes : 0;
    }
    pack_runs(s, s->runs_end, channel);
    s->packed_low += rows;
    s->packed_end += rows;
    s->listed_row = s->repeated_row;
    s->repeated_row += s->strip;
}

// Output rows from `row` to `end` of all channels, one channel after another.
static void make_planes(planes *s, int32_t row, int32_t end) {
    const upyml_window *p = s->p;
    for (int32_t channel = 0; channel < p->in_c; channel++) {
        s->packed_end = 0;
        for (int32_t first = row; first < end; first += s->strip) {
            int32_t rows = smaller(s->strip, end - first);
            if (first == s->listed_row) {
                pack_runs(s, s->runs_end, channel);
            } else if (repeats(s, first, rows)) {
                pack_next(s, channel);
            } else {
                pack(s, channel, first, rows);
            }
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

static void begin(planes *s, const upyml_window *p, const int8_t *input, int8_t *output, uint8_t *scratch) {
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
    // The padding stays: only what lies between is packed again for each channel.
    for (int32_t i = 0; i < s->layout.word_rows * s->layout.row_words; i++) {
        s->words[i] = p->in_zero_point * 65537;
    }
}

void upyml_depthwise_conv2d_s8(const upyml_window *p, const int8_t *input, int8_t *output, uint8_t *scratch) {
    planes s;
    begin(&s, p, input, output, scratch);
    if (p->order == UPYML_ORDER_DISJOINT || p->order == UPYML_ORDER_PLANE) {
        make_planes(&s, p->first_row, p->end_row);
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
        make_planes(&s, first, first + next - done);
    }
}
