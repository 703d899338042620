// A fully connected layer: a pointwise convolution, each row of it a pixel.
#include <string.h>

#include "../rows.h"
#include "conv2d.h"

void upyml_fully_connected_s8(const upyml_fully_connected *p, const int8_t *input, int8_t *output, uint8_t *scratch) {
    upyml_window pixels = upyml_rows_as_pixels(p);
    pixels.order = UPYML_ORDER_DISJOINT;
    int8_t *made = output;
    if (p->order != UPYML_ORDER_DISJOINT) {  // the unit of overlap is the whole op: the smaller side waits in scratch
        if (p->in_c < p->out_c) {
            memcpy(scratch, input, (size_t)p->rows * (size_t)p->in_c);
            input = (const int8_t *)scratch;
        } else {
            made = (int8_t *)scratch;
        }
    }
    upyml_host_conv2d(&pixels, p->per_channel, input, made, scratch);
    if (made != output) {
        memcpy(output, made, (size_t)p->rows * (size_t)p->out_c);
    }
}

int32_t upyml_fully_connected_s8_scratch_size(const upyml_fully_connected *p) {
    return p->order == UPYML_ORDER_DISJOINT ? 0 : p->rows * (p->in_c < p->out_c ? p->in_c : p->out_c);
}
