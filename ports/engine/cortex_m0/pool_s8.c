// Pools on a Cortex-M0+: a channel's values in the window one after another, of an average four channels at once.
#include "../pool.h"
#include "../requantize.h"
#include "sum_channels.h"

// A window as runs of pixels: of a box as wide as the image one run, if the rows lie one after another.
typedef struct {
    int32_t rows, run;
} runs;

static runs box_runs(const upyml_window *p, const upyml_rows *rows, const upyml_box *b) {
    runs made = {b->y_end - b->y, b->x_end - b->x};
    if (!rows->ring && made.run == p->in_w && b->y_end <= p->in_ring) {
        made.run *= made.rows;
        made.rows = 1;
    }
    return made;
}

static void max_pixel(const upyml_window *p, const upyml_rows *rows, int32_t oy, int32_t ox, int8_t *output) {
    upyml_box b = upyml_window_box(p, oy, ox);
    runs r = box_runs(p, rows, &b);
    for (int32_t c = 0; c < p->out_c; c++) {
        int32_t most = p->clamp_min;
        for (int32_t row = 0; row < r.rows; row++) {
            const int8_t *x = upyml_row(rows, b.y + row) + b.x * p->in_c + c;
            for (int32_t i = r.run; i > 0; i--, x += p->in_c) {
                most = *x > most ? *x : most;
            }
        }
        output[c] = (int8_t)(most < p->clamp_max ? most : p->clamp_max);
    }
}

static int8_t average(const upyml_window *p, int32_t sum, int32_t count) {
    return (int8_t)upyml_clamp(upyml_rounded_average(sum, count), p->clamp_min, p->clamp_max);
}

static void average_pixel(const upyml_window *p, const upyml_rows *rows, int32_t oy, int32_t ox, int8_t *output) {
    upyml_box b = upyml_window_box(p, oy, ox);
    runs r = box_runs(p, rows, &b);
    int32_t count = r.rows * r.run, c = 0;
    if (count <= UPYML_M0_MOST_SUMMED && upyml_m0_in_words(upyml_row(rows, b.y), p->in_c)) {
        for (; c < p->out_c; c += 4) {
            uint32_t lanes[2] = {0, 0};
            for (int32_t row = 0; row < r.rows; row++) {
                upyml_m0_add_lanes(lanes, upyml_row(rows, b.y + row) + b.x * p->in_c + c, p->in_c, r.run);
            }
            for (int i = 0; i < 4; i++) {
                output[c + i] = average(p, upyml_m0_lane_sum(lanes, i, count), count);
            }
        }
    }
    for (; c < p->out_c; c++) {
        int32_t sum = 0;
        for (int32_t row = 0; row < r.rows; row++) {
            const int8_t *x = upyml_row(rows, b.y + row) + b.x * p->in_c + c;
            for (int32_t i = r.run; i > 0; i--, x += p->in_c) {
                sum += *x;
            }
        }
        output[c] = average(p, sum, count);
    }
}

void upyml_max_pool_s8(const upyml_window *p, const int8_t *input, int8_t *output, uint8_t *scratch) {
    upyml_each_pixel(p, input, output, scratch, max_pixel);
}

void upyml_average_pool_s8(const upyml_window *p, const int8_t *input, int8_t *output, uint8_t *scratch) {
    upyml_each_pixel(p, input, output, scratch, average_pixel);
}

int32_t upyml_pool_s8_scratch_size(const upyml_window *p) {
    return upyml_ring_size(p);
}
