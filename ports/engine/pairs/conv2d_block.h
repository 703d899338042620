// One block of UPYML_BLOCK_CHANNELS output channels of a convolution, for the lines of a strip: between conv2d_s8.c, which
// lays strips and lines, and what a CPU does with them, the conv2d_block.c in its folder.
#ifndef UPYML_PAIRS_CONV2D_BLOCK_H
#define UPYML_PAIRS_CONV2D_BLOCK_H

#include "../weights.h"
#include "conv2d_layout.h"
#include "pairs_cpu.h"

typedef struct {
    upyml_conv2d_block block;  // the CPU's: what it keeps of a block's channels. First, for its assembly
    const upyml_window *p;
    upyml_conv2d_layout layout;
    upyml_channels channels;
    uint8_t *rows;
    int32_t *weights;  // expanded; of sparse ones the block's list
    int32_t pairs;  // SPARSE: of the list
    int32_t ready;  // the channel whose block is prepared, or -1
} upyml_conv2d;

// Pixels whose outputs are out_step apart, inputs pixel_step, in bytes.
typedef struct {
    const int32_t *x;  // in packed rows
    int8_t *output;  // of channel 0
    int32_t count, pixel_step, out_step;
} upyml_conv2d_line;

// Lines like the first one, inputs x_step apart, outputs out_step, in bytes.
typedef struct {
    upyml_conv2d_line first;
    int32_t count, x_step, out_step;
} upyml_conv2d_lines;

// What all blocks have in common.
void upyml_conv2d_begin_blocks(upyml_conv2d *c);

// Makes ready the block in the file whose first channel this is.
void upyml_conv2d_prepare_block(upyml_conv2d *c, const uint8_t *block, int32_t channel);

// The same for weights of four bits: then lines are run as those of other weights are.
void upyml_conv2d_prepare_int4(upyml_conv2d *c, const uint8_t *block, int32_t channel);

// The same where weights are sparse: makes the list, of four channels on each CPU.
void upyml_conv2d_prepare_sparse(upyml_conv2d *c, int32_t channel);

// Makes the channels of that block, and of all of `blocks` blocks whose weights lie block_bytes apart, below 0 from the last
// to the first: 0 where the CPU has no way for these lines that is better than block by block. Not for coded weights.
int upyml_conv2d_run_blocks(upyml_conv2d *c, const upyml_conv2d_lines *lines, const uint8_t *weights, int32_t channel,
    int32_t blocks, int32_t block_bytes);

// Makes the block's channels of lines; conv2d_run_lines.c goes line by line.
void upyml_conv2d_run_lines(const upyml_conv2d *c, const upyml_conv2d_lines *lines, int32_t channel);

// Makes the block's channels of a line.
void upyml_conv2d_run_line(const upyml_conv2d *c, const upyml_conv2d_line *line, int32_t channel);
void upyml_conv2d_run_sparse_line(const upyml_conv2d *c, const upyml_conv2d_line *line, int32_t channel);

#endif
