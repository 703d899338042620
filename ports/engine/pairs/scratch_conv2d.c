// Scratch of convolutions, in plain C: the planner on the host uses it too.
#include "../ops.h"
#include "../rows.h"
#include "conv2d_layout.h"
#include "pairs_cpu.h"

enum {
    LARGE = 1 << 26,  // elements of a row, weights of a channel
};

static int32_t least(int32_t a, int32_t b) {
    return a < b ? a : b;
}

void upyml_conv2d_lay_out(const upyml_window *p, int32_t strip, upyml_conv2d_layout *l) {
    int by_pixel = upyml_is_pointwise(p) && p->in_ring == p->in_h && p->out_ring == p->out_h;
    int32_t in_w = by_pixel ? 1 : p->in_w;
    l->unit_w = by_pixel ? 1 : p->out_w;
    l->units = by_pixel ? p->out_h * p->out_w : p->out_h;
    l->in_h = by_pixel ? p->in_h * p->in_w : p->in_h;
    l->in_ring = by_pixel ? l->in_h : p->in_ring;
    l->in_row = in_w * p->in_c;
    l->left = p->pad_left * p->in_c;
    l->pixel_elements = (int32_t)((uint32_t)p->stride_w * (uint32_t)p->in_c);  // of one column, any
    l->row_elements = ((l->unit_w - 1) * p->stride_w + (p->kernel_w - 1) * p->dilation_w + 1) * p->in_c;
    l->reach = upyml_reach(p);
    l->row_step = least(p->stride_h, l->reach);
    l->run_words = (p->kernel_w * p->in_c + 1) >> 1;
    int dilated = p->dilation_w > 1 && p->kernel_w > 1;
    int by_columns = dilated || (l->run_words <= UPYML_SHORT_RUN && p->kernel_h > 1);
    l->copies = (l->pixel_elements & 1) && l->unit_w > 1 && !dilated ? 2 : 1;
    l->packed_bytes = ((l->row_elements + 1) >> 1) * 4 * l->copies;
    l->row_bytes = by_columns ? l->run_words * 4 : l->packed_bytes;
    int64_t rows = ((int64_t)(strip - 1) * l->row_step + l->reach) * l->row_bytes;
    l->column_bytes = by_columns ? (int32_t)rows : 0;
    l->lines = by_columns ? 1 : l->copies;
    l->pixel_step = by_columns ? l->column_bytes : (int32_t)(2 * (uint32_t)l->pixel_elements * (uint32_t)l->copies);
    int one_run = by_columns && p->dilation_h == 1;
    l->words = one_run ? p->kernel_h * l->run_words : l->run_words;
    l->segments = one_run ? 1 : p->kernel_h;
    l->segment_step = p->dilation_h * l->row_bytes;
    l->weights_size = UPYML_HAS(SPARSE) && p->coding == UPYML_CODING_SPARSE
        ? p->pairs * (int32_t)sizeof(upyml_sparse_pair)
        : upyml_weights_size(p->kernel_h, l->run_words, l->segments);
    l->strip = strip;
    rows = by_columns ? rows * l->unit_w + l->packed_bytes : rows;
    int64_t size = rows + l->weights_size;
    l->rows_size = (int32_t)rows;
    l->size = size < INT32_MAX ? (int32_t)size : INT32_MAX;
}

void upyml_conv2d_fit(const upyml_window *p, upyml_conv2d_layout *l) {
    upyml_conv2d_lay_out(p, 2, l);
    int32_t free = p->scratch_size - l->size, strip = 1;
    if (free >= 0) {
        int32_t columns = l->column_bytes ? l->unit_w : 1;
        strip = least(2 + free / (columns * l->row_step * l->row_bytes), l->units);
        if ((l->unit_w == 1 || l->column_bytes) && strip < l->units && strip > UPYML_LINE_PIXELS) {
            strip -= strip % UPYML_LINE_PIXELS;  // lines go along it
        }
    }
    upyml_conv2d_lay_out(p, strip, l);
}

// A file from outside may ask for rows or weights whose sizes no int32 tells.
static int is_too_large(const upyml_window *p) {
    int64_t row = (int64_t)((p->out_w - 1) * p->stride_w + (p->kernel_w - 1) * p->dilation_w + 1) * p->in_c;
    return row >= LARGE || (int64_t)p->kernel_h * p->kernel_w * p->in_c >= LARGE;
}

int32_t upyml_conv2d_s8_scratch_size(const upyml_window *p, int32_t strip) {
    if (is_too_large(p)) {
        return INT32_MAX;
    }
    upyml_conv2d_layout layout;
    upyml_conv2d_lay_out(p, strip, &layout);
    return layout.size;
}
