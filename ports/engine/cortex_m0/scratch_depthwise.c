// Scratch of the depthwise convolution for Cortex-M0+. No more than arithmetic: the planner on the host asks it too.
#include "../rows.h"
#include "depthwise.h"

enum {
    BATCH_PIXELS = 96,  // in one call of the requantization: more make the calls cheaper, each takes 8 bytes
    WIDE = 4,  // output columns for each row of a strip from which on columns are in the lanes
};

static int32_t smaller(int32_t a, int32_t b) {
    return a < b ? a : b;
}

static int32_t larger(int32_t a, int32_t b) {
    return a > b ? a : b;
}

// Both lanes have input in them, padding is in front in the high one only.
static int goes_by_columns(const upyml_window *p, int32_t strip) {
    int32_t low = ((p->out_w + 1) >> 1) * p->stride_w;
    return strip <= UPYML_DEPTHWISE_FEW_ROWS && p->out_w >= WIDE * strip && low >= p->pad_left && low <= p->in_w;
}

// A 64-bit multiplication takes 55 cycles, and strips of a fused group are laid out again and again.
__attribute__((noinline)) static int64_t product(int32_t a, int32_t b) {
    return (a | b) < 1 << 15 ? a * b : (int64_t)a * b;
}

int32_t upyml_depthwise_lay_out(const upyml_window *p, int32_t strip, upyml_depthwise_layout *layout) {
    int32_t reach_h = upyml_reach(p), reach_w = (p->kernel_w - 1) * p->dilation_w + 1;
    strip = smaller(strip, p->out_h);
    layout->by_columns = goes_by_columns(p, strip);
    layout->pairs = layout->by_columns ? strip : (strip + 1) >> 1;
    layout->columns = layout->by_columns ? (p->out_w + 1) >> 1 : p->out_w;
    layout->word_rows = (layout->pairs - 1) * p->stride_h + reach_h;
    layout->row_words = (layout->columns - 1) * p->stride_w + reach_w;
    layout->batch = layout->pairs;
    if (!layout->by_columns) {
        layout->row_words = larger(layout->row_words, p->pad_left + p->in_w);
        layout->batch = larger(1, smaller(layout->pairs, BATCH_PIXELS / p->out_w));
    }
    int in_ring = p->order == UPYML_ORDER_FORWARD || p->order == UPYML_ORDER_REVERSE;
    layout->ring_rows = in_ring ? smaller((strip - 1) * p->stride_h + reach_h, p->in_h) : 0;
    // A file from outside may ask for more than there can be.
    int64_t words = product(layout->word_rows, layout->row_words);
    int64_t pixels = product(layout->batch, layout->columns);
    int64_t taps = (product(p->kernel_h, p->kernel_w) + 1) & ~(int64_t)1;
    int64_t rows = layout->ring_rows ? (int64_t)layout->ring_rows * p->in_w * p->in_c : 0;
    int64_t size = 4 * words + 8 * pixels + 4 * taps + rows;
    layout->accumulators = (int32_t)(4 * words);
    layout->taps = (int32_t)(4 * words + 8 * pixels);
    layout->ring = (int32_t)(4 * words + 8 * pixels + 4 * taps);
    return size > INT32_MAX ? INT32_MAX : (int32_t)size;
}

int32_t upyml_depthwise_conv2d_s8_scratch_size(const upyml_window *p, int32_t strip) {
    upyml_depthwise_layout layout;
    return upyml_depthwise_lay_out(p, strip, &layout);
}
