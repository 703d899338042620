// Packing costs 5.5 instructions a word, two values, where both rows are read from the input.
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

static UPYML_HOT void pack_columns(source low, source high, int32_t *words, int32_t columns) {
    const int8_t *x = low.start;
    int32_t step = low.step, distance = (int32_t)((intptr_t)high.start - (intptr_t)x);
    if (high.step == step) {
        for (; columns > 1; columns -= 2, words += 2, x += 2 * step) {
            words[0] = upyml_pair_lows(x[0], x[distance]);
            words[1] = upyml_pair_lows(x[step], x[step + distance]);
        }
    }
    for (; columns > 0; columns--, x += step, distance += high.step - step) {
        *words++ = upyml_pair_lows(x[0], x[distance]);
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

void upyml_depthwise_pack(upyml_depthwise_packed *s, int32_t channel, int32_t row, int32_t rows) {
    const upyml_window *p = s->p;
    const int8_t zero_point = (int8_t)p->in_zero_point;
    int32_t first = row * p->stride_h - p->pad_top, last = first + (rows - 1) * p->stride_h + upyml_reach(p);
    int32_t end = last < p->in_h ? last : p->in_h;
    int32_t *words = s->words + p->pad_left;
    // Upwards: what is moved comes from where it goes to or from further on.
    for (int32_t y = first; y < last; y += 2, words += s->row_words) {
        source low = find_row(s, channel, &zero_point, y, end), high = find_row(s, channel, &zero_point, y + 1, end);
        pack_columns(low, high, words, p->in_w);
    }
    s->first = first;
    s->end = end;
}
