// Scratch of the depthwise convolution with the DSP extension. No more than arithmetic.
#include "../rows.h"
#include "depthwise.h"

static int32_t smaller(int32_t a, int32_t b) {
    return a < b ? a : b;
}

static int32_t larger(int32_t a, int32_t b) {
    return a > b ? a : b;
}

int32_t upyml_depthwise_lay_out(const upyml_window *p, int32_t strip, upyml_depthwise_layout *layout) {
    int32_t reach_h = upyml_reach(p), reach_w = (p->kernel_w - 1) * p->dilation_w + 1;
    strip = smaller(strip, p->out_h);
    layout->is_3x3 = upyml_depthwise_is_3x3(p) && (p->stride_h == 1 || strip > 1);
    int32_t made = layout->is_3x3 ? (strip + 1) & ~1 : strip;  // those two by two read what the last would
    layout->word_rows = ((made - 1) * p->stride_h + reach_h + 1) >> 1;
    layout->row_words = larger((p->out_w - 1) * p->stride_w + reach_w, p->pad_left + 1);
    layout->phases = strip > 1 && (p->stride_h & 1) ? 2 : 1;
    // Of the second phase a row more for a kernel of an even height.
    int64_t tap_rows = layout->phases * (p->dilation_h > 1 ? p->kernel_h : (p->kernel_h + 1) >> 1);
    tap_rows += p->dilation_h == 1 && layout->phases > 1 && (p->kernel_h & 1) == 0;
    int in_ring = p->order == UPYML_ORDER_FORWARD || p->order == UPYML_ORDER_REVERSE;
    layout->ring_rows = in_ring ? smaller((strip - 1) * p->stride_h + reach_h, p->in_h) : 0;
    // A file from outside may ask for more than there can be.
    int64_t words = (int64_t)layout->word_rows * layout->row_words;
    int64_t taps = layout->is_3x3 && p->stride_h == 1 ? 0 : tap_rows * p->kernel_w;
    int64_t size = 4 * (words + taps) + (int64_t)layout->ring_rows * p->in_w * p->in_c;
    layout->taps = (int32_t)(4 * words);
    layout->ring = (int32_t)(4 * (words + taps));
    return size > INT32_MAX ? INT32_MAX : (int32_t)size;
}

int32_t upyml_depthwise_conv2d_s8_scratch_size(const upyml_window *p, int32_t strip) {
    upyml_depthwise_layout layout;
    return upyml_depthwise_lay_out(p, strip, &layout);
}
