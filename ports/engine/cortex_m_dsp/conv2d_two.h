// Two channels of a line of pixels, see conv2d_two.S.
#ifndef UPYML_CORTEX_M_DSP_CONV2D_TWO_H
#define UPYML_CORTEX_M_DSP_CONV2D_TWO_H

#include "requantization.h"

// What is the same for all pixels. The assembly knows the offsets: every field is a word.
typedef struct {
    int32_t words, rows, gap;  // kernel rows of so many words, bytes from one's end to the next
    int32_t advance;  // bytes from where a pixel's last row ends, with the gap if words is 5, to the next pixel but one
    const int32_t *weights;  // of the first channel; the second's are a word on, the next word's of each four words on
    int32_t bias[2];
    int32_t multiplier0, offset0, right_shift0, multiplier1, offset1, right_shift1;
    int32_t out_step;  // bytes from pixel to pixel of the output
    int32_t second;  // from channel to channel, 1; 0: there is no second one
    int32_t pixel_step;  // bytes from pixel to pixel of x
    int32_t special;  // a channel is: upyml_conv2d_finish_special requantizes
    const upyml_prepared *q[2];
} upyml_conv2d_two;

// count: pixels, at least 1.
void upyml_conv2d_two_channels(const upyml_conv2d_two *two, const int32_t *x, int8_t *output, int32_t count);

// Sums of channel 0 and 1 of one pixel, the same of the next, which may be the same pixel: requantized and stored.
void upyml_conv2d_finish_special(const upyml_conv2d_two *two, const int32_t sums[4], int8_t *output, int32_t out_step);

#endif
