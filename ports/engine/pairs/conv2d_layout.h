// How a convolution goes about its work, see conv2d_s8.c, and what lies where in its scratch.
#ifndef UPYML_PAIRS_CONV2D_LAYOUT_H
#define UPYML_PAIRS_CONV2D_LAYOUT_H

#include "../rows.h"  // upyml_rows_as_pixels: a fully connected layer of several rows

// Of a block of sparse weights scratch holds a list of the pairs of k that the file holds: two k of four channels.
typedef struct {
    int32_t at;  // bytes from a pixel's first word of x to the pair's
    int32_t weights[4];  // of a channel: both, as the CPU wants them
} upyml_sparse_pair;

// Scratch: packed rows of a strip, one block's expanded weights. All sizes are multiples of 4. `elements` are packed input
// values: two to a word.
//
// Where the runs of a kernel row are short, or dilated, each column of output pixels has rows of its own, with nothing
// but the run it reads: then the rows of a kernel follow each other and a pixel is one run of words. Behind the columns
// there is room for one packed row of the input, which they are made from.
typedef struct {
    int32_t unit_w, units;  // output: pixels of a row, rows. One column where the convolution is taken pixel by pixel
    int32_t in_h, in_ring, in_row;  // input: rows, room for rows, bytes of one
    int32_t left;  // elements of padding before a row
    int32_t row_elements;  // that a row of output reads
    int32_t packed_bytes;  // of an input row, `copies` of it
    int32_t copies;  // 2: the second starts with the second element, so that odd pixels start on a word too
    int32_t pixel_elements;  // from one output pixel to the next
    int32_t row_step;  // packed rows from one output row to the next
    int32_t reach;  // packed rows for one output row
    int32_t run_words;  // of a kernel row
    int32_t column_bytes;  // of all rows of a column; 0: rows are used as they are
    int32_t row_bytes;  // from one packed row to the next, of a column's
    int32_t lines;  // that a row of output pixels makes: 2 where every other one starts in the second copy
    int32_t pixel_step;  // bytes from a line's pixel to the next
    int32_t words, segments, segment_step;  // a pixel is so many words, so many times, so many bytes apart
    int32_t strip;  // output rows at a time
    int32_t rows_size, weights_size, size;
} upyml_conv2d_layout;

// strip 1 is the least; more than that have room for all of their pixels.
void upyml_conv2d_lay_out(const upyml_window *p, int32_t strip, upyml_conv2d_layout *layout);

// The layout that makes the most of p->scratch_size.
void upyml_conv2d_fit(const upyml_window *p, upyml_conv2d_layout *layout);

#endif
