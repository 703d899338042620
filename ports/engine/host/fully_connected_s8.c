// A fully connected layer: the convolution of an image of one column, each row of which is a pixel.
#include <string.h>

#include "conv2d.h"

void upyml_fully_connected_s8(const upyml_fully_connected *p, const int8_t *input, int8_t *output, uint8_t *scratch) {
    upyml_window pixels = {
        .in_h = p->rows, .in_w = 1, .in_c = p->in_c,
        .out_h = p->rows, .out_w = 1, .out_c = p->out_c,
        .kernel_h = 1, .kernel_w = 1, .stride_h = 1, .stride_w = 1, .dilation_h = 1, .dilation_w = 1,
        .out_zero_point = p->out_zero_point, .clamp_min = p->clamp_min, .clamp_max = p->clamp_max,
        .multiplier = 1, .order = UPYML_ORDER_DISJOINT, .end_row = p->rows, .in_ring = p->rows, .out_ring = p->rows,
        .weights = p->weights, .channels = p->channels,
    };
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
