// Depthwise convolution whose lanes are columns, for strips of few rows: pack, sum, requantize. See depthwise.h.
//
// What a strip packs and where its rows go is listed once and serves channel after channel. In several strips, rows that
// two of them read are packed once and moved.
#include <string.h>

#include "../rows.h"
#include "depthwise.h"

static int32_t smaller(int32_t a, int32_t b) {
    return a < b ? a : b;
}

__attribute__((noinline)) void upyml_depthwise_pad(const upyml_depthwise *s, int32_t *words, int32_t rows) {
    int32_t padding = s->p->in_zero_point * 65537;
    for (int32_t *end = words + rows * s->layout.row_words; words < end;) {
        *words++ = padding;
    }
}

// Input rows from y on to `words`: padding at once, what lies inside the image as at most two runs.
static void list_runs(upyml_depthwise *s, int32_t *words, int32_t y, int32_t rows) {
    int32_t row_words = s->layout.row_words, before = y < 0 ? smaller(-y, rows) : 0;
    upyml_depthwise_pad(s, words, before);
    words += before * row_words;
    y += before;
    rows -= before;
    int32_t inside = smaller(rows, s->p->in_h - y);
    s->split_end = s->split_runs;
    if (inside > 0) {
        int32_t slot = upyml_slot(y, s->in_ring), count = smaller(inside, s->in_ring - slot);
        upyml_depthwise_split_run first = {s->input + slot * s->split.row_bytes, words, count};
        *s->split_end++ = first;
        if (count < inside) {
            upyml_depthwise_split_run second = {s->input, words + count * row_words, inside - count};
            *s->split_end++ = second;
        }
        words += inside * row_words;
        rows -= inside;
    }
    upyml_depthwise_pad(s, words, rows);
}

// The strip of `rows` output rows from `row` on. packed: those of the strip before it, 0 for the first.
static void list_strip(upyml_depthwise *s, int32_t row, int32_t rows, int32_t packed) {
    const upyml_window *p = s->p;
    int32_t reach = upyml_reach(p), kept = packed && reach > p->stride_h ? reach - p->stride_h : 0;
    int32_t kept_words = kept * s->layout.row_words;
    if (kept) {
        memmove(s->words, s->words + packed * p->stride_h * s->layout.row_words, 4 * (size_t)kept_words);
    }
    list_runs(s, s->words + kept_words, row * p->stride_h - p->pad_top + kept,
        (rows - 1) * p->stride_h + reach - kept);
    int32_t slot = upyml_slot(row, p->out_ring);
    for (int32_t i = 0; i < rows; i++) {
        s->split_output[i] = s->output + slot * s->out_row_bytes;
        slot = slot + 1 == p->out_ring ? 0 : slot + 1;
    }
}

static void pack(const upyml_depthwise *s, int32_t channel) {
    const upyml_depthwise_split_run *run = s->split_runs;
    if (run == s->split_end) {
        return;  // all of it is padding
    }
    upyml_depthwise_pack_split(&s->split, run->row + channel, run->words, run->rows);
    if (++run < s->split_end) {
        upyml_depthwise_pack_split(&s->split, run->row + channel, run->words, run->rows);
    }
}

// Input channels `channel` to `end` of the strip that is listed, of `rows` output rows.
static void make_strip(upyml_depthwise *s, int32_t channel, int32_t end, int32_t rows) {
    int32_t columns = s->layout.columns, multiplier = s->p->multiplier, out_c = s->p->out_c;
    int32_t others = s->p->out_w - columns, to_others = columns * out_c, out = channel * multiplier;
    s->rows.words = s->words;
    s->rows.pairs = rows;
    for (; channel < end; channel++) {
        pack(s, channel);
        for (int32_t out_end = out + multiplier; out < out_end; out++) {
            if (out != s->prepared) {
                upyml_depthwise_prepare(s, out);
            }
            upyml_depthwise_accumulate(s);
            const int32_t *accumulators = s->accumulators;
            for (int32_t row = 0; row < rows; row++, accumulators += 2 * columns) {
                int8_t *output = s->split_output[row] + out;
                upyml_requantize_prepared(accumulators, output, &s->requantization, columns, 8, out_c);
                upyml_requantize_prepared(accumulators + 1, output + to_others, &s->requantization, others, 8, out_c);
            }
        }
    }
}

void upyml_depthwise_by_columns(upyml_depthwise *s, int32_t row, int32_t end) {
    if (end - row <= s->strip) {
        list_strip(s, row, end - row, 0);
        make_strip(s, 0, s->p->in_c, end - row);
        return;
    }
    for (int32_t channel = 0; channel < s->p->in_c; channel++) {
        int32_t packed = 0;
        for (int32_t first = row; first < end; first += packed) {
            int32_t rows = smaller(s->strip, end - first);
            list_strip(s, first, rows, packed);
            make_strip(s, channel, channel + 1, rows);
            packed = rows;
        }
    }
}
