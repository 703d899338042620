// Input rows of depthwise convolutions to planes, with their padding.
#include "../rows.h"
#include "depthwise.h"

static int32_t smaller(int32_t a, int32_t b) {
    return a < b ? a : b;
}

static int32_t first_row(const upyml_depthwise *d, int32_t row) {
    return row * d->p->stride_h - d->p->pad_top;
}

// Value (row, column) of a plane.
static uint16_t *place(const upyml_depthwise *d, upyml_form f, int32_t row, int32_t column) {
    int32_t at = f == UPYML_ROWS ? row * d->l.columns + column : 2 * ((column >> 1) * d->l.rows + row) + (column & 1);
    return (uint16_t *)d->planes + at;
}

static void fill(upyml_depthwise *d, upyml_form f, int32_t row, int32_t rows) {
    int32_t padding = f == UPYML_ROWS ? d->p->in_zero_point : d->p->in_zero_point + 128;
    if (rows == d->l.rows) {
        int32_t *to = (int32_t *)(void *)d->planes, words = d->l.planes * (d->l.plane >> 2);
        for (int32_t two = (int32_t)((uint32_t)padding << 16) | (uint16_t)padding; words > 0; words--) {
            *to++ = two;
        }
        return;
    }
    for (int32_t plane = 0; plane < d->l.planes; plane++) {
        for (int32_t column = 0; column < d->l.columns; column++) {
            uint16_t *to = place(d, f, row, column) + plane * (d->l.plane >> 1);
            for (int32_t i = rows; i > 0; i--, to += f == UPYML_ROWS ? d->l.columns : 2) {
                *to = (uint16_t)padding;
            }
        }
    }
}

// The first rows are those that the strip before has last.
static void carry(upyml_depthwise *d, upyml_form f, int32_t rows, int32_t from) {
    for (int32_t plane = 0; plane < d->l.planes; plane++) {
        for (int32_t column = 0; column < d->l.columns; column++) {
            uint16_t *to = place(d, f, 0, column) + plane * (d->l.plane >> 1);
            for (int32_t i = 0, step = f == UPYML_ROWS ? d->l.columns : 2; i < rows; i++) {
                to[i * step] = to[(i + from) * step];
            }
        }
    }
}

// Four channels of input rows that lie one behind the other.
static void pack_four(upyml_depthwise *d, const int8_t *x, int32_t row, int32_t rows) {
    const upyml_window *p = d->p;
    int32_t row_bytes = p->in_w * p->in_c, column = p->pad_left, end = smaller(p->pad_left + p->in_w, d->l.columns);
    while (column < end) {
        uint8_t *to = (uint8_t *)place(d, UPYML_COLUMNS, row, column);
        if ((column & 1) || column + 1 == end) {
            upyml_depthwise_pack_one(to, x, rows, row_bytes, d->l.plane);
            column++;
            x += p->in_c;
        } else {
            upyml_depthwise_pack_two(to, x, rows, row_bytes, d->l.plane, p->in_c);
            column += 2;
            x += 2 * p->in_c;
        }
    }
}

static void pack_one(upyml_depthwise *d, upyml_form f, const int8_t *x, int32_t row, int32_t rows) {
    const upyml_window *p = d->p;
    int32_t row_bytes = p->in_w * p->in_c, bias = f == UPYML_ROWS ? 0 : 128, step = f == UPYML_ROWS ? d->l.columns : 2;
    int32_t skipped = p->stride_w - d->l.step, in_window = 0;
    for (int32_t column = 0, at = -p->pad_left; column < d->l.columns; column++, at++) {
        if (skipped && in_window++ == d->l.step) {  // the windows do not touch
            at += skipped;
            in_window = 1;
        }
        if (at < 0 || at >= p->in_w) {
            continue;
        }
        uint16_t *to = place(d, f, row, column);
        const int8_t *from = x + at * p->in_c;
        for (int32_t i = rows; i > 0; i--, to += step, from += row_bytes) {
            *to = (uint16_t)(*from + bias);
        }
    }
}

void upyml_depthwise_pack(upyml_depthwise *d, upyml_form f, int32_t channel, int32_t count, int32_t row, int32_t rows,
    int32_t before) {
    const upyml_window *p = d->p;
    int32_t first = first_row(d, row), end = first_row(d, row + rows - 1) + upyml_reach(p), y = first;
    if (d->filled != f) {
        fill(d, f, 0, d->l.rows);
        d->filled = f;
    }
    if (before && p->stride_h < upyml_reach(p)) {
        y += upyml_reach(p) - p->stride_h;
        carry(d, f, y - first, before * p->stride_h);
    }
    if (y < 0) {
        if (d->repeats) {
            fill(d, f, y - first, smaller(end, 0) - y);
        }
        y = smaller(end, 0);
    }
    while (y < end && y < p->in_h) {
        int32_t slot = upyml_slot(y, d->in_ring), n = smaller(smaller(end, p->in_h) - y, d->in_ring - slot);
        const int8_t *x = d->input + slot * p->in_w * p->in_c + channel;
        if (count == 4) {
            pack_four(d, x, y - first, n);
        } else {
            pack_one(d, f, x, y - first, n);
        }
        y += n;
    }
    if (y < end && d->repeats) {
        fill(d, f, y - first, end - y);
    }
}
