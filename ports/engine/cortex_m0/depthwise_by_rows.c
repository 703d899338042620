// Depthwise convolution whose lanes are rows: pack the strip's input rows, sum, requantize. See depthwise.h.
#include "../rows.h"
#include "depthwise.h"

// Where input row y of channel 0 lies, and how many rows from it on lie one behind the other.
typedef struct {
    const int8_t *start;
    int32_t step, rows, is_input;
} source;

static int32_t smaller(int32_t a, int32_t b) {
    return a < b ? a : b;
}

// end: rows from it on are not needed. No row is read from the input twice: output may lie over it.
static source find_rows(const upyml_depthwise *s, int32_t y, int32_t end) {
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

static int32_t strip_start(const upyml_depthwise *s, int32_t row) {
    return row * s->p->stride_h - s->p->pad_top;
}

static void pack_runs(upyml_depthwise *s, upyml_depthwise_run *end, int32_t channel) {
    end->rows = 0;
    upyml_depthwise_pack(s->runs, channel, s->p->in_w, 4 * (s->layout.row_words - s->p->in_w));
}

// Lists the runs of rows that a strip needs and packs one channel of them.
static void pack(upyml_depthwise *s, int32_t channel, int32_t row, int32_t rows) {
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
        if (run == s->runs + UPYML_DEPTHWISE_MAX_RUNS) {
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

// Row `row` of the output and those after it, at least one, from one lane.
static void write_rows(const upyml_depthwise *s, const int32_t *accumulators, int32_t row, int32_t rows) {
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
static void make_channel(upyml_depthwise *s, int32_t channel, int32_t row, int32_t rows) {
    if (channel != s->prepared) {
        upyml_depthwise_prepare(s, channel);
    }
    int32_t pairs = (rows + 1) >> 1, low_row = row + pairs, end = row + rows;
    const int32_t *words = s->words;
    for (;;) {
        int32_t count = smaller(s->layout.batch, pairs);
        s->rows.words = words;
        s->rows.pairs = count;
        upyml_depthwise_accumulate(s);
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
static int repeats(const upyml_depthwise *s, int32_t row, int32_t rows) {
    return row == s->repeated_row && rows == s->strip
           && strip_start(s, row + rows - 1) + upyml_reach(s->p) <= s->p->in_h;
}

static void pack_next(upyml_depthwise *s, int32_t channel) {
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

void upyml_depthwise_by_rows(upyml_depthwise *s, int32_t row, int32_t end) {
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
