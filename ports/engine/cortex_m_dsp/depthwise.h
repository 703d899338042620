// Depthwise convolution with the DSP extension: a channel's plane is packed as pairs of rows, word (x[2i], x[2i + 1]) of
// each column, counted from the first input row of a strip, so that one SMLAD takes two taps of a kernel's column.
#ifndef UPYML_CORTEX_M_DSP_DEPTHWISE_H
#define UPYML_CORTEX_M_DSP_DEPTHWISE_H

#include "../kernels.h"
#include "requantization.h"

// Scratch for strips of some size: the packed words, taps, then the ring. Offsets in bytes.
typedef struct {
    int32_t word_rows, row_words;  // pairs of input rows, words in each, with padding
    int32_t is_3x3;  // goes by depthwise_3x3.S; a single row with stride 2 does not, it would read a row of words more
    int32_t phases;  // of taps; 2: output rows begin with the high half of a word, too
    int32_t ring_rows;  // orders FORWARD and REVERSE: input rows with all channels
    int32_t taps, ring;
} upyml_depthwise_layout;

// The loops in assembly: 3x3 with strides 1 and 2, two columns at once.
static inline int upyml_depthwise_is_3x3(const upyml_window *p) {
    return p->kernel_h == 3 && p->kernel_w == 3 && p->dilation_h == 1 && p->dilation_w == 1 && p->stride_h == p->stride_w
           && p->stride_h <= 2 && p->out_w > 1;
}

// Answers the size in bytes. strip: in output rows.
int32_t upyml_depthwise_lay_out(const upyml_window *p, int32_t strip, upyml_depthwise_layout *layout);

// 3x3: the assembly knows the offsets, every field is a word.
typedef struct {
    int32_t upper[3], lower[3];  // of each column of the kernel, weights (0, 1) and (1, 2)
    int32_t bias;
    int32_t multiplier, offset, right_shift;
    int8_t *output;
    int32_t second;  // bytes from a pair's first output row to its second one
    int32_t step;  // from pixel to pixel of the output
    const int32_t *words;  // of the first row
    int32_t row_bytes;  // from row to row of words
    int32_t span;  // from an output row's first pixel to the end of its even number of pixels
    int32_t odd;  // is one left over?
    int32_t rows;  // of output, at least 1
    int32_t next;  // from the end of a pair's first output row to the next pair
    int32_t special;
    const upyml_prepared *q;
} upyml_depthwise_3x3;

void upyml_depthwise_3x3_stride_1(const upyml_depthwise_3x3 *rows);
void upyml_depthwise_3x3_stride_2(const upyml_depthwise_3x3 *rows);

// Sums of two pixels of the first row, of the second row: requantized and stored, the first row's last.
void upyml_depthwise_finish_special(const upyml_depthwise_3x3 *rows, const int32_t sums[4], int8_t *output, int32_t second);

#endif
