// Depthwise convolution on Cortex-M0+: two output pixels of one channel are made at once, one in each half of a word.
//
// The input is packed alike, (x << 16) + x', so that one multiplication by a weight serves both. Sums of products are
// split into two accumulators before the low lane could leave 16 bits. There are two ways to fill the lanes:
//
// By rows (depthwise_by_rows.c): a strip of n output rows is n / 2 (rounded up) pairs of rows, row y in the high lane,
// row y + pairs in the low one. Input rows that the next strip needs again are in the low lane: each value is the lowest
// byte of its word.
// By columns (depthwise_by_columns.c), for strips of a few rows, where pairs of rows would waste lanes and packed rows:
// column x of a row in the high lane, column x + columns in the low one.
#ifndef UPYML_CORTEX_M0_DEPTHWISE_H
#define UPYML_CORTEX_M0_DEPTHWISE_H

#include "../kernels.h"
#include "../weights.h"
#include "requantization.h"

// Scratch for strips of some size. Offsets in bytes; the packed words come first.
typedef struct {
    int32_t by_columns;  // 1: the lanes are columns of a row
    int32_t pairs, columns;  // rows and columns of pairs of output pixels
    int32_t word_rows, row_words;  // packed input rows, words in each, with padding
    int32_t batch;  // rows of pairs whose accumulators are kept until they are requantized
    int32_t ring_rows;  // orders FORWARD and REVERSE: input rows with all channels
    int32_t accumulators, taps, ring;
} upyml_depthwise_layout;

// The loops in assembly: 3x3, columns side by side or every second one.
static inline int upyml_depthwise_is_3x3(const upyml_window *p) {
    return p->kernel_h == 3 && p->kernel_w == 3 && p->dilation_w == 1 && p->stride_w <= 2;
}

enum { UPYML_DEPTHWISE_FEW_ROWS = 3 };  // the largest strip whose lanes are columns

// Answers the size in bytes. strip: in output rows; out_h or more is the whole plane.
int32_t upyml_depthwise_lay_out(const upyml_window *p, int32_t strip, upyml_depthwise_layout *layout);

// Products of a kernel row that may be added up before they are split: weights of 255 in sum keep the low lane in 16
// bits, two of -128 do not.
enum { UPYML_DEPTHWISE_THREE_TAPS, UPYML_DEPTHWISE_TWO_TAPS, UPYML_DEPTHWISE_ONE_TAP };

// Loops, two bytes each, + 2 where two taps are added up: two columns with stride 1 and 2, one column, none.
enum {
    UPYML_DEPTHWISE_LOOP_1 = 0,
    UPYML_DEPTHWISE_LOOP_2 = 4,
    UPYML_DEPTHWISE_LOOP_SINGLE = 8,
    UPYML_DEPTHWISE_LOOP_NONE = 12,  // or 14
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

// As many as a single strip may need: each lane changes from padding to the input, around a ring's end, and to padding.
enum { UPYML_DEPTHWISE_MAX_RUNS = 7 };

// How a row of the input becomes words whose lanes are columns. The assembly knows the offsets.
typedef struct {
    int32_t both, high_only, low_only;  // words with two columns, and with one beside padding: right, left
    int32_t row_gap;  // bytes from the end of one row of words to the next
    int32_t step, row_bytes;  // bytes from column to column, from row to row
    int32_t low;  // bytes from a row's first column to the first one in its low lane
    int32_t zero_point;
} upyml_depthwise_split;

typedef struct {
    const int8_t *row;  // the first one, channel 0
    int32_t *words;
    int32_t rows;
} upyml_depthwise_split_run;

// row: the first one's first column, in the channel. rows: at least 1, one behind the other.
void upyml_depthwise_pack_split(const upyml_depthwise_split *split, const int8_t *row, int32_t *words, int32_t rows);

// A convolution at work. What is asked for channel after channel comes first, where a load reaches it.
typedef struct {
    const upyml_window *p;
    const int8_t *input;
    int8_t *output;
    int32_t *words, *accumulators;
    uint32_t *taps;
    int32_t in_ring, strip, out_row_bytes;
    int32_t prepared;  // output channel of the requantization, `taps` and `rows`
    int32_t loop, single;  // 3x3: UPYML_DEPTHWISE_LOOP_*
    uint8_t is_3x3, by_taps;  // by_taps: any kernel, and those 3x3 whose products each fill 16 bits
    int8_t zero_point;
    // By columns.
    upyml_depthwise_split_run split_runs[2], *split_end;  // of the strip, without the padding above and below
    int8_t *split_output[UPYML_DEPTHWISE_FEW_ROWS];  // where its rows go
    upyml_channels channels;
    upyml_depthwise_layout layout;
    upyml_depthwise_split split;
    upyml_prepared requantization;
    upyml_depthwise_rows rows;
    // By rows.
    int32_t packed_low, packed_end;  // input rows: the first one in the low lane; the end of those packed so far
    int32_t listed_row;  // output row of the strip that `runs` lists, or -1
    int32_t repeated_row;  // a later one whose list differs by its place in the input only, or -1
    upyml_depthwise_run runs[UPYML_DEPTHWISE_MAX_RUNS + 1], *runs_end;
} upyml_depthwise;

// Makes `rows` rows of words padding.
void upyml_depthwise_pad(const upyml_depthwise *s, int32_t *words, int32_t rows);

// Makes weights, bias and requantization of an output channel ready.
void upyml_depthwise_prepare(upyml_depthwise *s, int32_t channel);

// The accumulators of s->rows.pairs rows of pairs from the packed words at s->rows.words on.
static inline void upyml_depthwise_accumulate(const upyml_depthwise *s) {
    if (s->by_taps) {
        upyml_depthwise_sum(&s->rows);
    } else {
        upyml_depthwise_sum_3x3(&s->rows);
    }
}

// Output rows from `row` to `end` of all channels, one channel after another.
void upyml_depthwise_by_rows(upyml_depthwise *s, int32_t row, int32_t end);
void upyml_depthwise_by_columns(upyml_depthwise *s, int32_t row, int32_t end);

#endif
