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
        pack_row(x + skip, words + (l->row_bytes >> 3), l->left - 1 + skip, count ? count - skip : 0,
            l->row_elements - 1, p->in_zero_point);
    }
}

void upyml_conv2d_load_rows(const upyml_window *p, const upyml_conv2d_layout *l, const int8_t *input, uint8_t *rows,
    int32_t first, int32_t count, int32_t before) {
    int32_t end = (count - 1) * l->row_step + l->reach, from = 0, kept = before ? l->reach - l->row_step : 0;
    if (kept && p->order == UPYML_ORDER_REVERSE) {
        end -= kept;
        memmove(rows + end * l->row_bytes, rows, (size_t)(kept * l->row_bytes));
    } else if (kept) {
        from = kept;
        memmove(rows, rows + before * l->row_step * l->row_bytes, (size_t)(kept * l->row_bytes));
    }
    int32_t y = first * p->stride_h - p->pad_top + from;
    int whole = l->left == 0 && l->row_elements == l->in_row && l->row_bytes == 2 * l->in_row && l->in_ring == l->in_h;
    if (whole && l->row_step == p->stride_h && y >= 0 && y + end - from <= l->in_h) {
        upyml_pack_pairs(input + y * l->in_row, (int32_t *)(rows + from * l->row_bytes),
            (end - from) * (l->in_row >> 1));
        return;
    }
    int32_t in_window = 0;  // where the stride is larger than the reach, rows are left out
    for (; from < end; from++, y++) {
        load_row(p, l, input, (int32_t *)(rows + from * l->row_bytes), y);
        if (++in_window == l->row_step) {
            in_window = 0;
            y += p->stride_h - l->row_step;
        }
    }
}

// Element `at` of a packed row.
static int32_t element(const int32_t *row, int32_t at) {
    return upyml_of_pair(row[at >> 1], at & 1);
}

// The window of one pixel that starts with element `at`. What a run's last word has too much meets weights of 0.
static void gather_pixel(const upyml_window *p, const upyml_conv2d_layout *l, const uint8_t *row, int32_t at,
    int32_t *words) {
    const int32_t *from = (const int32_t *)(at & 1 ? row + (l->row_bytes >> 1) : row) + (at >> 1);
    int32_t step = p->dilation_h * (l->row_bytes >> 2) - l->run_words;
    for (int32_t *end = words + (l->pixel_bytes >> 2); words < end; from += step) {
        for (int32_t *run_end = words + l->run_words; words < run_end;) {
            *words++ = *from++;
        }
    }
}

// The same where the taps of a kernel row are dilated.
static void gather_dilated(const upyml_window *p, const upyml_conv2d_layout *l, const uint8_t *row, int32_t at,
    int32_t *words) {
    for (int32_t ky = 0; ky < p->kernel_h; ky++, row += p->dilation_h * l->row_bytes, words += l->run_words) {
        int32_t k = 0;
        for (int32_t kx = 0; kx < p->kernel_w; kx++) {
            const int32_t *tap = (const int32_t *)row;
            int32_t from = at + kx * p->dilation_w * p->in_c, end = from + p->in_c;
            if ((p->in_c & 1) == 0) {
                for (; from < end; from += 2, k += 2) {
                    words[k >> 1] = tap[from >> 1];
                }
            }
            for (; from < end; from++, k++) {
                int32_t x = element(tap, from);
                words[k >> 1] = k & 1 ? upyml_pair(upyml_of_pair(words[k >> 1], 0), x) : upyml_pair(x, 0);
            }
        }
    }
}

void upyml_conv2d_gather(const upyml_window *p, const upyml_conv2d_layout *l, const uint8_t *rows, int32_t row,
    int32_t column, int32_t count, int32_t *gathered) {
    int dilated = p->dilation_w > 1 && p->kernel_w > 1;
    rows += row * l->row_step * l->row_bytes;
    for (; count > 0; count--, gathered += l->pixel_bytes >> 2) {
        if (dilated) {
            gather_dilated(p, l, rows, column * l->pixel_elements, gathered);
        } else {
            gather_pixel(p, l, rows, column * l->pixel_elements, gathered);
        }
        if (++column == l->unit_w) {
            column = 0;
            rows += l->row_step * l->row_bytes;
        }
    }
}
