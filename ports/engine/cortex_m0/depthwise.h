// Depthwise convolution on Cortex-M0+: two output rows of one channel are made at once, one in each half of a word.
//
// A strip of n output rows is n / 2 (rounded up) pairs of rows: row y in the high lane, row y + pairs in the low one.
// The input is packed alike, (x[y] << 16) + x[y + pairs], so that one multiplication by a weight serves both. Sums of
// products are split into two accumulators before the low lane could leave 16 bits. Input rows that the next strip
// needs again are in the low lane: each value is the lowest byte of its word.
#ifndef UPYML_CORTEX_M0_DEPTHWISE_H
#define UPYML_CORTEX_M0_DEPTHWISE_H

#include "../kernels.h"

// Scratch for strips of some size. Offsets in bytes; the packed words come first.
typedef struct {
    int32_t pairs;  // of output rows
    int32_t word_rows, row_words;  // packed input rows, words in each, with padding
    int32_t batch;  // pairs of rows whose accumulators are kept until they are requantized
    int32_t ring_rows;  // orders FORWARD and REVERSE: input rows with all channels
    int32_t accumulators, taps, ring;
} upyml_depthwise_layout;

// The loops in assembly: 3x3, columns side by side or every second one.
static inline int upyml_depthwise_is_3x3(const upyml_window *p) {
    return p->kernel_h == 3 && p->kernel_w == 3 && p->dilation_w == 1 && p->stride_w <= 2;
}

// Answers the size in bytes. strip: in output rows; out_h or more is the whole plane.
int32_t upyml_depthwise_lay_out(const upyml_window *p, int32_t strip, upyml_depthwise_layout *layout);

// Rows of words to pack. The assembly knows the offsets.
typedef struct {
    const int8_t *high, *low;  // the first row's first column, of channel 0 in the input
    int32_t *words;
    int32_t high_step, low_step;  // bytes from column to column; 0: padding
    int32_t rows;  // one behind the other without a gap; 0 ends a list
    int32_t high_is_input, low_is_input;  // 1: the channel is to be added
} upyml_depthwise_run;

// columns: at least 1. row_gap: bytes from the end of one row of words to the next.
void upyml_depthwise_pack(const upyml_depthwise_run *runs, int32_t channel, int32_t columns, int32_t row_gap);

// Products of a kernel row that may be added up before they are split: weights of 255 in sum keep the low lane in 16
// bits, two of -128 do not.
enum { UPYML_DEPTHWISE_THREE_TAPS, UPYML_DEPTHWISE_TWO_TAPS, UPYML_DEPTHWISE_ONE_TAP };

// Loops, twice their number, + 2 where two taps are added up: two columns with stride 1 and 2, one column, none.
enum {
    UPYML_DEPTHWISE_LOOP_1 = 0,
    UPYML_DEPTHWISE_LOOP_2 = 4,
    UPYML_DEPTHWISE_LOOP_SINGLE = 8,
    UPYML_DEPTHWISE_LOOP_NONE = 12,
};

// Answers UPYML_DEPTHWISE_*_TAPS. channel: its first word in the block of four.
int upyml_depthwise_read_3x3(const uint8_t *channel, int32_t weights[9]);

// The loops' parameters. The assembly knows the offsets.
typedef struct {
    int32_t weights[9];  // 3x3
    int32_t bias;
    int32_t advance, back;  // 3x3: bytes from the end of one row of taps to the next; from the last's end to the first
    int32_t loop, single;  // 3x3: UPYML_DEPTHWISE_LOOP_*, for two columns at once and for one left over
    const int32_t *words;  // of the first row
    int32_t *accumulators;  // two for each pixel: high lane, low lane
    int32_t span;  // bytes of words that the windows of a row begin in; 3x3: of an even number of windows
    int32_t next_row, row_bytes;  // bytes from there to the next row, from row to row
    int32_t single_advance;  // as `advance`, where there is one column
    int32_t pairs;  // of rows, at least 1
    const uint32_t *taps, *taps_end;  // any kernel: distance in bytes << 8 | weight; an even number
    int32_t step;  // any kernel: bytes from window to window
} upyml_depthwise_rows;

void upyml_depthwise_sum(const upyml_depthwise_rows *rows);
void upyml_depthwise_sum_3x3(const upyml_depthwise_rows *rows);  // two columns at once

#endif
