// Depthwise convolution on LX6: one channel after another, its strip of input rows in scratch as 16-bit values.
//
// For 3x3 kernels (depthwise_3x3.S) a plane is a row of columns, each two pixels wide: a word holds the values of two
// neighbours, x + 128, the words of a column lie one below the other, and the loops walk down two columns at once. Four
// channels' planes are packed at a time where a pixel's four are a word. For all other kernels a plane is rows of values,
// and each channel has a list of its taps.
#ifndef UPYML_XTENSA_DEPTHWISE_H
#define UPYML_XTENSA_DEPTHWISE_H

#include "../kernels.h"
#include "../weights.h"
#include "requantization.h"

// Scratch: planes, taps, ring. Bytes.
typedef struct {
    int32_t rows, columns;  // of a plane: input rows, columns with padding
    int32_t step;  // columns from window to window
    int32_t planes;  // 1 or 4
    int32_t plane;  // size of one
    int32_t ring_rows;  // orders FORWARD and REVERSE: input rows with all channels
    int32_t taps, ring;  // where they start
} upyml_depthwise_layout;

// Answers the size. strip: in output rows; out_h or more is the whole image.
int32_t upyml_depthwise_lay_out(const upyml_window *p, int32_t strip, int32_t planes, upyml_depthwise_layout *l);

// The loops in assembly: stride 1, or every second column.
static inline int upyml_depthwise_is_3x3(const upyml_window *p) {
    return p->kernel_h == 3 && p->kernel_w == 3 && p->dilation_h == 1 && p->dilation_w == 1
        && (p->stride_h == 1 || (p->stride_h == 2 && p->stride_w == 2)) && p->stride_w <= 2;
}

// Output rows of one channel, from some column on. The assembly knows the offsets.
typedef struct {
    int16_t weights[10];  // 4 * w: rows 0 to 2 of kernel columns 0 and 1, then column 2
    const int32_t *column;  // the first one's first word
    int8_t *output;
    int32_t column_bytes, columns;  // columns: how many to begin with
    int32_t rows;  // of output
    int32_t out_c, row_bytes;  // of the output
    int32_t bias;  // four times what is left of it with x + 128
    upyml_prepared q;
} upyml_depthwise_job;

// Two outputs, of pixels side by side, from each column and the next one; or one, with rows 1 or 2 apart.
void upyml_depthwise_3x3_two(upyml_depthwise_job *job);
void upyml_depthwise_3x3_one(upyml_depthwise_job *job);
void upyml_depthwise_3x3_stride_2(upyml_depthwise_job *job);

// One pixel of each row, two side by side: four channels, the lower bytes of halves of four planes. input: on a word.
void upyml_depthwise_pack_one(uint8_t *plane, const int8_t *input, int32_t rows, int32_t row_bytes, int32_t plane_bytes);
void upyml_depthwise_pack_two(uint8_t *plane, const int8_t *input, int32_t rows, int32_t row_bytes, int32_t plane_bytes,
    int32_t in_c);

typedef enum { UPYML_NOTHING, UPYML_COLUMNS, UPYML_ROWS } upyml_form;  // what planes hold

typedef struct {
    const upyml_window *p;
    const int8_t *input;
    int8_t *output;
    int32_t in_ring, strip;
    uint8_t *planes;
    uint32_t *taps;
    upyml_form filled;  // with padding
    int repeats;  // one strip after another: padding is not where it was
    upyml_depthwise_layout l;
    upyml_channels channels;
    upyml_depthwise_job job;
} upyml_depthwise;

// Input rows for output rows `row` to row + rows - 1, of `count` channels, 1 or 4, to planes of that form. before: output
// rows of the strip before.
void upyml_depthwise_pack(upyml_depthwise *d, upyml_form f, int32_t channel, int32_t count, int32_t row, int32_t rows,
    int32_t before);

#endif
