// The loop that kernels share which make one output pixel at a time.
#include "../rows.h"

void upyml_each_pixel(const upyml_window *p, const int8_t *input, int8_t *output, uint8_t *scratch, upyml_pixel pixel) {
    upyml_rows rows;
    upyml_rows_begin(&rows, p, input, scratch);
    for (int32_t step = 0; step < p->end_row - p->first_row; step++) {
        int32_t oy = upyml_rows_output(&rows, p, step);
        upyml_rows_load(&rows, p, oy);
        int8_t *row = output + upyml_slot(oy, p->out_ring) * p->out_w * p->out_c;
        for (int32_t ox = 0; ox < p->out_w; ox++) {
            pixel(p, &rows, oy, ox, row + ox * p->out_c);
        }
    }
}
