// Scratch of the depthwise convolution on LX6. For one output row it is never more than that of the Cortex-M0+, which plans
// are made for: a value takes two bytes here and four there.
#include "../rows.h"
#include "depthwise.h"

static int32_t smaller(int32_t a, int32_t b) {
    return a < b ? a : b;
}

int32_t upyml_depthwise_lay_out(const upyml_window *p, int32_t strip, int32_t planes, upyml_depthwise_layout *l) {
    int32_t reach_h = upyml_reach(p), reach_w = (p->kernel_w - 1) * p->dilation_w + 1;
    strip = smaller(strip, p->out_h);
    l->rows = (strip - 1) * p->stride_h + reach_h;
    l->step = smaller(p->stride_w, reach_w);  // columns between windows are not packed
    l->columns = (p->out_w - 1) * l->step + reach_w;
    l->columns += upyml_depthwise_is_3x3(p) ? l->columns & 1 : 0;
    l->planes = planes;
    int in_ring = p->order == UPYML_ORDER_FORWARD || p->order == UPYML_ORDER_REVERSE;
    l->ring_rows = in_ring ? smaller(l->rows, p->in_h) : 0;
    // A file from outside may ask for more than there can be.
    int64_t plane = ((int64_t)l->rows * l->columns * 2 + 2) & ~(int64_t)3, taps = 4 * (int64_t)p->kernel_h * p->kernel_w;
    int64_t size = planes * plane + taps + (int64_t)l->ring_rows * p->in_w * p->in_c;
    l->plane = (int32_t)plane;
    l->taps = (int32_t)(planes * plane);
    l->ring = (int32_t)(planes * plane + taps);
    return size > INT32_MAX ? INT32_MAX : (int32_t)size;
}

int32_t upyml_depthwise_conv2d_s8_scratch_size(const upyml_window *p, int32_t strip) {
    upyml_depthwise_layout l;
    return upyml_depthwise_lay_out(p, strip, 1, &l);
}
