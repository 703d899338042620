#include "../pool.h"
#include "../requantize.h"

static int32_t box_max(const upyml_window *p, const upyml_rows *rows, const upyml_box *b, int32_t c) {
    int32_t max = -128;
    for (int32_t y = b->y; y < b->y_end; y++) {
        const int8_t *row = upyml_row(rows, y) + c;
        for (int32_t x = b->x; x < b->x_end; x++) {
            max = row[x * p->in_c] > max ? row[x * p->in_c] : max;
        }
    }
    return max;
}

// Rounded half away from zero, over the values inside the image only.
static int32_t box_average(const upyml_window *p, const upyml_rows *rows, const upyml_box *b, int32_t c) {
    int32_t sum = 0, count = (b->y_end - b->y) * (b->x_end - b->x);
    for (int32_t y = b->y; y < b->y_end; y++) {
        const int8_t *row = upyml_row(rows, y) + c;
        for (int32_t x = b->x; x < b->x_end; x++) {
            sum += row[x * p->in_c];
        }
    }
    return upyml_rounded_average(sum, count);
}

static void max_pixel(const upyml_window *p, const upyml_rows *rows, int32_t oy, int32_t ox, int8_t *output) {
    upyml_box b = upyml_window_box(p, oy, ox);
    for (int32_t c = 0; c < p->out_c; c++) {
        output[c] = (int8_t)upyml_clamp(box_max(p, rows, &b, c), p->clamp_min, p->clamp_max);
    }
}

static void average_pixel(const upyml_window *p, const upyml_rows *rows, int32_t oy, int32_t ox, int8_t *output) {
    upyml_box b = upyml_window_box(p, oy, ox);
    for (int32_t c = 0; c < p->out_c; c++) {
        output[c] = (int8_t)upyml_clamp(box_average(p, rows, &b, c), p->clamp_min, p->clamp_max);
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
