// Packing takes about 6 instructions a word, two values, where both rows are read from the input.
#include "depthwise_rows.h"

#include "../rows.h"
#include "hot.h"

// Where a row of one channel begins, and bytes from column to column; 0: padding.
typedef struct {
    const int8_t *start;
    int32_t step;
} source;

void upyml_depthwise_clear(const upyml_depthwise_packed *packed, int32_t word_rows) {
    int32_t zero = upyml_pair_lows(packed->p->in_zero_point, packed->p->in_zero_point);
    for (int32_t i = 0; i < word_rows * packed->row_words; i++) {
        packed->words[i] = zero;
    }
}

// Rows of words, each of one row of the input and the next one.
typedef struct {
    const int8_t *x;
    int32_t *words;
    int32_t step, row;  // bytes from column to column, from row to row of the input
    int32_t columns, rows;  // of words
    int32_t row_words;
} rows_in_pairs;

static UPYML_HOT void pack_rows(const rows_in_pairs *r) {
    int32_t row = r->row, step = r->step, both = row + step, columns = r->columns, *words = r->words;
    const int8_t *x = r->x;
    for (int32_t rows = r->rows; rows > 0; rows--) {
        for (int32_t left = columns >> 1; left > 0; left--, x += 2 * step, words += 2) {
            words[0] = upyml_pair_lows(x[0], x[row]);
            words[1] = upyml_pair_lows(x[step], x[both]);
        }
        if (columns & 1) {
            *words++ = upyml_pair_lows(x[0], x[row]);
            x += step;
        }
        words += r->row_words - columns;
        x += 2 * row - columns * step;
    }
}

// One row of words from any two rows.
static UPYML_HOT void pack_row(source low, source high, int32_t *words, int32_t columns) {
    for (; columns > 0; columns--, low.start += low.step, high.start += high.step) {
        *words++ = upyml_pair_lows(*low.start, *high.start);
    }
}

// A word's halves each have their value in the lower byte.
static source find_row(const upyml_depthwise_packed *s, int32_t channel, const int8_t *zero_point, int32_t y, int32_t end) {
    source found = {zero_point, 0};
    if (y >= 0 && y < s->end) {
        int32_t place = y - s->first;
        const int32_t *row = s->words + (place >> 1) * s->row_words + s->p->pad_left;
        found.start = (const int8_t *)row + 2 * (place & 1);
        found.step = 4;
    } else if (y >= 0 && y < end) {
        found.start = s->input + upyml_slot(y, s->in_ring) * s->p->in_w * s->p->in_c + channel;
        found.step = s->p->in_c;
    }
    return found;
}

// Rows y to y + 2 * count - 1 that are not packed yet and lie one after another: `count` rows of words.
static int32_t whole_rows(const upyml_depthwise_packed *s, int32_t y, int32_t end) {
    int32_t before_end = s->in_ring - upyml_slot(y, s->in_ring), rows = end - y < before_end ? end - y : before_end;
    return rows >> 1;
}

void upyml_depthwise_pack(upyml_depthwise_packed *s, int32_t channel, int32_t row, int32_t rows) {
    const upyml_window *p = s->p;
    const int8_t zero_point = (int8_t)p->in_zero_point;
    int32_t first = row * p->stride_h - p->pad_top, last = first + (rows - 1) * p->stride_h + upyml_reach(p);
    int32_t end = last < p->in_h ? last : p->in_h, row_bytes = p->in_w * p->in_c;
    int32_t *words = s->words + p->pad_left, read = s->row_words - p->pad_left;
    int32_t columns = read < p->in_w ? read : p->in_w;
    rows_in_pairs many = {.step = p->in_c, .row = row_bytes, .columns = columns, .row_words = s->row_words};
    // Upwards: what is moved comes from where it goes to or from further on.
    for (int32_t y = first; y < last;) {
        many.rows = y >= 0 && y >= s->end && y < end ? whole_rows(s, y, end) : 0;
        if (many.rows > 0) {
            many.x = s->input + upyml_slot(y, s->in_ring) * row_bytes + channel;
            many.words = words;
            pack_rows(&many);
            y += 2 * many.rows;
            words += many.rows * s->row_words;
        } else {
            pack_row(find_row(s, channel, &zero_point, y, end), find_row(s, channel, &zero_point, y + 1, end), words,
                columns);
            y += 2;
            words += s->row_words;
        }
    }
    s->first = first;
    s->end = end;
}
