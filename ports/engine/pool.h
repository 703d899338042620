// The part of a pool's window that lies in the image.
#ifndef UPYML_POOL_H
#define UPYML_POOL_H

#include "rows.h"

// Rows [y, y_end), columns [x, x_end). Never empty.
typedef struct {
    int32_t y, y_end, x, x_end;
} upyml_box;

static inline upyml_box upyml_window_box(const upyml_window *p, int32_t oy, int32_t ox) {
    upyml_box b = {oy * p->stride_h - p->pad_top, 0, ox * p->stride_w - p->pad_left, 0};
    b.y_end = b.y + p->kernel_h < p->in_h ? b.y + p->kernel_h : p->in_h;
    b.x_end = b.x + p->kernel_w < p->in_w ? b.x + p->kernel_w : p->in_w;
    b.y = b.y < 0 ? 0 : b.y;
    b.x = b.x < 0 ? 0 : b.x;
    return b;
}

// sum / count, rounded half away from zero.
static inline int32_t upyml_rounded_average(int32_t sum, int32_t count) {
    return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

#endif
