// Pools with the DSP extension: a word of four channels at once, wherever it lies; SSUB8 and SEL take the larger of each
// of four bytes, SXTAB16 adds two of them. 5 instructions for four values of a largest one, 6 of a mean.
#include "../pool.h"

#include "../requantize.h"
#include "dsp.h"

enum { MOST_SUMMED = 256 };  // values of -128 that a halfword has room for

// The window's part in the image: rows of `columns` pixels, `step` bytes apart.
typedef struct {
    const upyml_rows *source;
    int32_t y, y_end, left, columns, step;
} window;

static window window_of(const upyml_window *p, const upyml_rows *rows, int32_t oy, int32_t ox) {
    upyml_box b = upyml_window_box(p, oy, ox);
    window w = {rows, b.y, b.y_end, b.x * p->in_c, b.x_end - b.x, p->in_c};
    return w;
}

// The larger one of each of four bytes.
static inline int32_t larger_of_four(int32_t a, int32_t b) {
    int32_t most;
    __asm("ssub8 %0, %1, %2\n\tsel %0, %1, %2" : "=&r"(most) : "r"(a), "r"(b));
    return most;
}

static int32_t most_of_four(const window *w, int32_t c) {
    int32_t most = (int32_t)0x80808080;
    for (int32_t y = w->y; y < w->y_end; y++) {
        const int8_t *x = upyml_row(w->source, y) + w->left + c;
        for (int32_t i = w->columns; i > 0; i--, x += w->step) {
            most = larger_of_four(upyml_load_any(x), most);
        }
    }
    return most;
}

static int32_t most_of_one(const window *w, int32_t c) {
    int32_t most = -128;
    for (int32_t y = w->y; y < w->y_end; y++) {
        const int8_t *x = upyml_row(w->source, y) + w->left + c;
        for (int32_t i = w->columns; i > 0; i--, x += w->step) {
            most = *x > most ? *x : most;
        }
    }
    return most;
}

static void max_pixel(const upyml_window *p, const upyml_rows *rows, int32_t oy, int32_t ox, int8_t *output) {
    window w = window_of(p, rows, oy, ox);
    int32_t c = 0;
    for (; c + 4 <= p->out_c; c += 4) {
        int32_t most = most_of_four(&w, c);
        for (int32_t i = 0; i < 4; i++) {
            output[c + i] = (int8_t)upyml_clamp((int8_t)(most >> 8 * i), p->clamp_min, p->clamp_max);
        }
    }
    for (; c < p->out_c; c++) {
        output[c] = (int8_t)upyml_clamp(most_of_one(&w, c), p->clamp_min, p->clamp_max);
    }
}

// Of channels c to c + 3.
static void sum_four(const window *w, int32_t c, int32_t sums[4]) {
    int32_t even = 0, odd = 0;
    for (int32_t y = w->y; y < w->y_end; y++) {
        const int8_t *x = upyml_row(w->source, y) + w->left + c;
        for (int32_t i = w->columns; i > 0; i--, x += w->step) {
            int32_t four = upyml_load_any(x);
            even = upyml_sxtab16(even, four);
            odd = upyml_sxtab16_odd(odd, four);
        }
    }
    sums[0] = (int16_t)even;
    sums[1] = (int16_t)odd;
    sums[2] = even >> 16;
    sums[3] = odd >> 16;
}

static int32_t sum_one(const window *w, int32_t c) {
    int32_t sum = 0;
    for (int32_t y = w->y; y < w->y_end; y++) {
        const int8_t *x = upyml_row(w->source, y) + w->left + c;
        for (int32_t i = w->columns; i > 0; i--, x += w->step) {
            sum += *x;
        }
    }
    return sum;
}

static void average_pixel(const upyml_window *p, const upyml_rows *rows, int32_t oy, int32_t ox, int8_t *output) {
    window w = window_of(p, rows, oy, ox);
    int32_t count = (w.y_end - w.y) * w.columns, c = 0;
    if (count <= MOST_SUMMED) {
        for (; c + 4 <= p->out_c; c += 4) {
            int32_t sums[4];
            sum_four(&w, c, sums);
            for (int32_t i = 0; i < 4; i++) {
                output[c + i] = (int8_t)upyml_clamp(upyml_rounded_average(sums[i], count), p->clamp_min, p->clamp_max);
            }
        }
    }
    for (; c < p->out_c; c++) {
        output[c] = (int8_t)upyml_clamp(upyml_rounded_average(sum_one(&w, c), count), p->clamp_min, p->clamp_max);
    }
}

// Once in the code, not in each of the two.
static __attribute__((noinline)) void each_pixel(const upyml_window *p, const int8_t *input, int8_t *output,
    uint8_t *scratch, upyml_pixel pixel) {
    upyml_each_pixel(p, input, output, scratch, pixel);
}

void upyml_max_pool_s8(const upyml_window *p, const int8_t *input, int8_t *output, uint8_t *scratch) {
    each_pixel(p, input, output, scratch, max_pixel);
}

void upyml_average_pool_s8(const upyml_window *p, const int8_t *input, int8_t *output, uint8_t *scratch) {
    each_pixel(p, input, output, scratch, average_pixel);
}

int32_t upyml_pool_s8_scratch_size(const upyml_window *p) {
    return upyml_ring_size(p);
}
