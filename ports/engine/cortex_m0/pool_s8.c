// Pools on a Cortex-M0+: four channels at once where they are words, else a channel's values one after another.
#include "../pool.h"
#include "../requantize.h"
#include "sum_channels.h"

enum { FIRSTS = 8, BATCH = 32 };

// A window as runs of pixels: of a box as wide as the image one run, if the rows lie one after another.
typedef struct {
    int32_t rows, run, step;  // step: bytes from pixel to pixel
    int32_t y, left;
    const upyml_rows *source;
    const int8_t *first[FIRSTS];  // where the runs start: found once a pixel, for a place in a ring takes a division
} runs;

static void box_runs(runs *r, const upyml_window *p, const upyml_rows *rows, int32_t oy, int32_t ox) {
    upyml_box b = upyml_window_box(p, oy, ox);
    r->rows = b.y_end - b.y;
    r->run = b.x_end - b.x;
    r->step = p->in_c;
    r->y = b.y;
    r->left = b.x * p->in_c;
    r->source = rows;
    if (!rows->ring && r->run == p->in_w && b.y_end <= p->in_ring) {
        r->run *= r->rows;
        r->rows = 1;
    }
    for (int32_t row = 0; row < r->rows && row < FIRSTS; row++) {
        r->first[row] = upyml_row(rows, b.y + row) + r->left;
    }
}

static inline const int8_t *run_start(const runs *r, int32_t row) {
    return row < FIRSTS ? r->first[row] : upyml_row(r->source, r->y + row) + r->left;
}

// Four channels' largest values, each as the highest byte of a word: what lies below it decides only among equal ones.
static void most_of_four(const runs *r, int32_t c, int32_t most[4]) {
    int32_t most0 = INT32_MIN, most1 = INT32_MIN, most2 = INT32_MIN, most3 = INT32_MIN;
    for (int32_t row = 0; row < r->rows; row++) {
        const int8_t *x = run_start(r, row) + c;
        for (int32_t i = r->run; i > 0; i--, x += r->step) {
            uint32_t four = *(const upyml_m0_four *)x;
            int32_t x0 = (int32_t)(four << 24), x1 = (int32_t)(four << 16);
            int32_t x2 = (int32_t)(four << 8), x3 = (int32_t)four;
            most0 = x0 > most0 ? x0 : most0;
            most1 = x1 > most1 ? x1 : most1;
            most2 = x2 > most2 ? x2 : most2;
            most3 = x3 > most3 ? x3 : most3;
        }
    }
    most[0] = most0 >> 24;
    most[1] = most1 >> 24;
    most[2] = most2 >> 24;
    most[3] = most3 >> 24;
}

static void max_pixel(const upyml_window *p, const upyml_rows *rows, int32_t oy, int32_t ox, int8_t *output) {
    runs r;
    box_runs(&r, p, rows, oy, ox);
    int32_t c = 0;
    if (upyml_m0_in_words(r.first[0], r.step)) {
        for (; c < p->out_c; c += 4) {
            int32_t most[4];
            most_of_four(&r, c, most);
            for (int i = 0; i < 4; i++) {
                output[c + i] = (int8_t)upyml_clamp(most[i], p->clamp_min, p->clamp_max);
            }
        }
    }
    for (; c < p->out_c; c++) {
        int32_t most = p->clamp_min;
        for (int32_t row = 0; row < r.rows; row++) {
            const int8_t *x = run_start(&r, row) + c;
            for (int32_t i = r.run; i > 0; i--, x += r.step) {
                most = *x > most ? *x : most;
            }
        }
        output[c] = (int8_t)(most < p->clamp_max ? most : p->clamp_max);
    }
}

// Sums of value + 128 over the window, of `channels` channels from c on.
static void sum_runs(const runs *r, int32_t c, int32_t channels, uint32_t *sums) {
    int32_t count = r->rows * r->run, end = c + channels;
    if (count <= UPYML_M0_MOST_SUMMED && upyml_m0_in_words(r->first[0], r->step)) {
        for (; c < end; c += 4, sums += 4) {
            uint32_t lanes[2] = {0, 0};
            for (int32_t row = 0; row < r->rows; row++) {
                upyml_m0_add_lanes(lanes, run_start(r, row) + c, r->step, r->run);
            }
            sums[0] = lanes[0] & 0xffff;
            sums[1] = lanes[1] & 0xffff;
            sums[2] = lanes[0] >> 16;
            sums[3] = lanes[1] >> 16;
        }
    }
    for (; c < end; c++) {
        int32_t sum = 128 * count;
        for (int32_t row = 0; row < r->rows; row++) {
            const int8_t *x = run_start(r, row) + c;
            for (int32_t i = r->run; i > 0; i--, x += r->step) {
                sum += *x;
            }
        }
        *sums++ = (uint32_t)sum;
    }
}

// Sums divided by count, rounded half away from zero, clamped. A sum below zero's has half of count less 1 added where
// count is even, half of it all others. The division is a product with `inverse`, 2^24 / count rounded down: below
// 255.5 * 2^24, and less than the true quotient by 255.5 * count / 2^24 at most, for a count up to 2^16 less than 1:
// its integer part is right or one too small.
static void divide(const upyml_window *p, const uint32_t *sums, int8_t *output, int32_t channels, uint32_t count,
    uint32_t inverse) {
    uint32_t zero = 128 * count, even = !(count & 1), half = count / 2;
    int32_t low = p->clamp_min, high = p->clamp_max;
    for (int32_t c = 0; c < channels; c++) {
        uint32_t sum = sums[c] + half - (sums[c] < zero ? even : 0), quotient = sum * inverse >> 24;
        if (inverse == 0) {
            quotient = sum / count;
        } else if (sum - quotient * count >= count) {
            quotient++;
        }
        output[c] = (int8_t)upyml_clamp((int32_t)quotient - 128, low, high);
    }
}

static void average_pixel(const upyml_window *p, const upyml_rows *rows, int32_t oy, int32_t ox, int8_t *output) {
    uint32_t sums[BATCH];
    runs r;
    box_runs(&r, p, rows, oy, ox);
    uint32_t count = (uint32_t)(r.rows * r.run), inverse = count <= 1 << 16 ? (1u << 24) / count : 0;
    for (int32_t c = 0; c < p->out_c; c += BATCH) {
        int32_t channels = p->out_c - c < BATCH ? p->out_c - c : BATCH;
        sum_runs(&r, c, channels, sums);
        divide(p, sums, output + c, channels, count, inverse);
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
