// One function per kernel: parameters, inputs, output, scratch in that order. They trust a model that has been checked.
// A kernel that needs scratch has its <kernel>_scratch_size beside it. For a CPU with a faster one, a file of the same
// name in its folder takes the place of the plain one in kernels/, which is the definition: both give the same bytes.
#ifndef UPYML_KERNELS_H
#define UPYML_KERNELS_H

#include <stdint.h>

#include "model.h"

// A window that slides over an image of (height, width, channels): convolution and pooling.
typedef struct {
    int32_t in_h, in_w, in_c;
    int32_t out_h, out_w, out_c;
    int32_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w;
    int32_t pad_top, pad_left;  // bottom and right follow from the output's size
    int32_t in_zero_point, out_zero_point;
    int32_t clamp_min, clamp_max;
    int32_t multiplier;  // output channels per input channel of a depthwise convolution
    int order;  // UPYML_ORDER_*: how the output may overlap the input
    int32_t first_row, end_row;  // output rows to make; all, 0 and out_h, unless the op runs in a fused group
    int32_t in_ring, out_ring;  // row y lies in slot y % ring; in_h and out_h for tensors that are whole
    int32_t scratch_size;  // bytes at `scratch`: at least the kernel's ..._scratch_size(p, 1), more makes it faster
    int coding;  // UPYML_CODING_*, of a convolution's weights
    int32_t pairs;  // SPARSE: no block of four channels has more; whole twos
    const uint8_t *weights;  // in the file's order, see SPEC.md
    const uint8_t *channels;  // bias, multiplier, shift and accumulator bits of each output channel
} upyml_window;

// A kernel works on strips of any number of units, as many as its scratch has room for: a unit is an output row, a pixel
// of a 1x1 convolution with stride 1. ..._scratch_size: bytes it needs with strips of `strip` units.
void upyml_conv2d_s8(const upyml_window *p, const int8_t *input, int8_t *output, uint8_t *scratch);
int32_t upyml_conv2d_s8_scratch_size(const upyml_window *p, int32_t strip);
void upyml_depthwise_conv2d_s8(const upyml_window *p, const int8_t *input, int8_t *output, uint8_t *scratch);
int32_t upyml_depthwise_conv2d_s8_scratch_size(const upyml_window *p, int32_t strip);
void upyml_max_pool_s8(const upyml_window *p, const int8_t *input, int8_t *output, uint8_t *scratch);
void upyml_average_pool_s8(const upyml_window *p, const int8_t *input, int8_t *output, uint8_t *scratch);
int32_t upyml_pool_s8_scratch_size(const upyml_window *p);

typedef struct {
    int32_t rows, in_c, out_c;
    int32_t out_zero_point, clamp_min, clamp_max;
    int per_channel, order;
    int coding;  // as a window's, and so is pairs
    int32_t pairs;
    int32_t scratch_size;
    const uint8_t *weights, *channels;
} upyml_fully_connected;

void upyml_fully_connected_s8(const upyml_fully_connected *p, const int8_t *input, int8_t *output, uint8_t *scratch);
int32_t upyml_fully_connected_s8_scratch_size(const upyml_fully_connected *p);

// Elementwise add, subtract, multiply of two inputs that broadcast to the output's shape.
typedef struct {
    int32_t shape[UPYML_MAX_RANK];  // of the output
    int32_t stride1[UPYML_MAX_RANK], stride2[UPYML_MAX_RANK];  // elements; 0 on a broadcast axis
    int32_t zero_point1, zero_point2, out_zero_point;
    int32_t multiplier1, multiplier2, multiplier;
    int32_t clamp_min, clamp_max;
    int8_t shift1, shift2, shift, left_shift;
    int opcode;  // UPYML_OPCODE_ADD, SUB or MUL
    int order;
} upyml_binary;

void upyml_binary_s8(const upyml_binary *p, const int8_t *input1, const int8_t *input2, int8_t *output);

// input seen as (outer, count, inner); the middle axis goes away.
typedef struct {
    int32_t outer, count, inner;
    int32_t multiplier, shift, in_zero_point, out_zero_point, clamp_min, clamp_max;  // mean only
} upyml_axis;

void upyml_mean_s8(const upyml_axis *p, const int8_t *input, int8_t *output);
void upyml_argmax_s8(const upyml_axis *p, const int8_t *input, uint8_t *output);

typedef struct {
    int32_t rows, classes, multiplier, shift, diff_min;
    int32_t *known;  // UPYML_SOFTMAX_KNOWN exponentials in scratch, by what a value is below the largest; 0: not yet worked
    // out. NULL: there is no room
} upyml_softmax;

enum { UPYML_SOFTMAX_KNOWN = 256 };

void upyml_softmax_s8(const upyml_softmax *p, const int8_t *input, int8_t *output);

// output[i] = table[input[i] + 128]; downwards where `reverse`.
void upyml_table_s8(const uint8_t *table, const int8_t *input, int8_t *output, uint32_t count, int reverse);

// output[i0, i1, i2, i3] = input[i0 * stride[0] + ...], elements of `width` bytes: transpose and strided slice.
typedef struct {
    int32_t shape[UPYML_MAX_RANK];
    int32_t stride[UPYML_MAX_RANK];  // elements, may be negative
} upyml_strided;

void upyml_copy_strided(const upyml_strided *p, const uint8_t *input, uint8_t *output, uint32_t width);

// Copies `outer` blocks of `block` bytes to every `step` bytes of the output.
void upyml_copy_blocks(const uint8_t *input, uint8_t *output, uint32_t outer, uint32_t block, uint32_t step);

// Fills the output, then lays the input into it from element before[0..3] on.
void upyml_pad_8(const int32_t *in_shape, const int32_t *out_shape, const int32_t *before, int value,
    const uint8_t *input, uint8_t *output);

// rows, columns: u16 in the file, the input row (column) of each output row (column). p uses the sizes only.
void upyml_resize_nearest_s8(const upyml_window *p, const uint8_t *rows, const uint8_t *columns, const int8_t *input,
    int8_t *output);
void upyml_resize_bilinear_s8(const upyml_window *p, int align_corners, int half_pixel_centers, const int8_t *input,
    int8_t *output);

// Number types at the edges of a model. dtype: UPYML_DTYPE_*; scale: the bits of a float32.
void upyml_quantize(uint32_t scale, int32_t zero_point, int dtype, const uint8_t *floats, uint8_t *output,
    uint32_t count);
void upyml_dequantize(uint32_t scale, int32_t zero_point, int dtype, const uint8_t *input, uint8_t *floats,
    uint32_t count);

typedef struct {
    int in_dtype, out_dtype;
    int32_t in_zero_point, out_zero_point, multiplier, shift;
} upyml_requantization;

void upyml_requantize_any(const upyml_requantization *p, const uint8_t *input, uint8_t *output, uint32_t count,
    int reverse);

#endif
