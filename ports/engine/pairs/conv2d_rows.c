#include "conv2d_rows.h"

#include <string.h>

#include "../rows.h"
#include "pairs_cpu.h"

// One row of `elements`: `left` of padding, `count` from x, the rest padding.
static void pack_row(const int8_t *x, int32_t *words, int32_t left, int32_t count, int32_t elements, int32_t padding) {
    int32_t *end = words + ((elements + 1) >> 1);
    count = count < elements - left ? count : elements - left;
    if (count > 0) {
        for (; left > 1; left -= 2) {
            *words++ = upyml_pair(padding, padding);
        }
        if (left) {
            *words++ = upyml_pair(padding, *x++);
            count--;
        }
        upyml_pack_pairs(x, words, count >> 1);
        words += count >> 1;
        if (count & 1) {
            *words++ = upyml_pair(x[count - 1], padding);
        }
    }
    while (words < end) {
        *words++ = upyml_pair(padding, padding);
    }
}

// Input row y to its place, both copies of it.
static void load_row(const upyml_window *p, const upyml_conv2d_layout *l, const int8_t *input, int32_t *words, int32_t y) {
    int32_t count = y >= 0 && y < l->in_h ? l->in_row : 0;
    const int8_t *x = input + (count ? upyml_slot(y, l->in_ring) * l->in_row : 0);
    pack_row(x, words, l->left, count, l->row_elements, p->in_zero_point);
    if (l->copies > 1) {
        int32_t skip = l->left ? 0 : 1;
        pack_row(x + skip, words + (l->packed_bytes >> 3), l->left - 1 + skip, count ? count - skip : 0,
            l->row_elements - 1, p->in_zero_point);
    }
}

// A run whose taps are dilated, from element `at` of a packed row on.
static void gather_dilated(const upyml_window *p, const int32_t *row, int32_t at, int32_t *words) {
    int32_t k = 0;
    for (int32_t kx = 0; kx < p->kernel_w; kx++, at += p->dilation_w * p->in_c) {
        int32_t from = at, end = at + p->in_c;
        if ((p->in_c & 1) == 0) {
            for (; from < end; from += 2, k += 2) {
                words[k >> 1] = row[from >> 1];
            }
        }
        for (; from < end; from++, k++) {
            int32_t x = upyml_of_pair(row[from >> 1], from & 1);
            words[k >> 1] = k & 1 ? upyml_pair(upyml_of_pair(words[k >> 1], 0), x) : upyml_pair(x, 0);
        }
    }
}

// The runs that the columns read of a packed row. What a run's last word has too much meets weights of 0.
static void spread_row(const upyml_window *p, const upyml_conv2d_layout *l, const int32_t *row, uint8_t *columns) {
    int dilated = p->dilation_w > 1 && p->kernel_w > 1;
    for (int32_t column = 0, at = 0; column < l->unit_w; column++, at += l->pixel_elements, columns += l->column_bytes) {
        int32_t *words = (int32_t *)columns;
        if (dilated) {
            gather_dilated(p, row, at, words);
            continue;
        }
        const int32_t *from = row + (at >> 1) + (at & 1 ? l->packed_bytes >> 3 : 0);
        for (int32_t i = 0; i < l->run_words; i++) {
            words[i] = from[i];
        }
    }
}

// Moves rows that are there already, of each column.
static void move_rows(const upyml_conv2d_layout *l, uint8_t *rows, int32_t to, int32_t from, int32_t count) {
    for (int32_t column = 0; column < (l->column_bytes ? l->unit_w : 1); column++, rows += l->column_bytes) {
        memmove(rows + to * l->row_bytes, rows + from * l->row_bytes, (size_t)(count * l->row_bytes));
    }
}

void upyml_conv2d_load_rows(const upyml_window *p, const upyml_conv2d_layout *l, const int8_t *input, uint8_t *rows,
    int32_t first, int32_t count, int32_t before) {
    int32_t end = (count - 1) * l->row_step + l->reach, from = 0, kept = before ? l->reach - l->row_step : 0;
    if (kept && p->order == UPYML_ORDER_REVERSE) {
        end -= kept;
        move_rows(l, rows, end, 0, kept);
    } else if (kept) {
        from = kept;
        move_rows(l, rows, 0, before * l->row_step, kept);
    }
    int32_t y = first * p->stride_h - p->pad_top + from;
    int whole = l->left == 0 && l->row_elements == l->in_row && l->row_bytes == 2 * l->in_row && l->in_ring == l->in_h;
    if (whole && !l->column_bytes && l->row_step == p->stride_h && y >= 0 && y + end - from <= l->in_h) {
        upyml_pack_pairs(input + y * l->in_row, (int32_t *)(rows + from * l->row_bytes),
            (end - from) * (l->in_row >> 1));
        return;
    }
    uint8_t *packed = rows + l->rows_size - l->packed_bytes;  // where there are columns
    int32_t in_window = 0;  // where the stride is larger than the reach, rows are left out
    for (; from < end; from++, y++) {
        uint8_t *row = rows + from * l->row_bytes;
        load_row(p, l, input, (int32_t *)(l->column_bytes ? packed : row), y);
        if (l->column_bytes) {
            spread_row(p, l, (const int32_t *)packed, row);
        }
        if (++in_window == l->row_step) {
            in_window = 0;
            y += p->stride_h - l->row_step;
        }
    }
}
