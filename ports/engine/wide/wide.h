// Kernels of INT16 activations with INT8 weights, as TFLite's "16x8" quantization has them: zero points of activations are 0.
//
// Activations are read and written byte by byte: a caller's buffer and the file may lie anywhere.
#ifndef UPYML_WIDE_H
#define UPYML_WIDE_H

#include "../kernels.h"
#include "../requantize.h"

// Output channels of a layer with weights: int64 bias, int32 multiplier, int8 shift of each. clamp_min, clamp_max: those of
// INT16 at first.
typedef struct {
    const uint8_t *bias, *multipliers;
    const int8_t *shifts;
    int32_t step;  // 1, or 0 where all channels share one multiplier
    int accumulator;  // UPYML_WIDE_INT64 or _INT32
    int32_t clamp_min, clamp_max;
} upyml_wide_channels;

enum { UPYML_WIDE_INT64, UPYML_WIDE_INT32 };

upyml_wide_channels upyml_wide_read_channels(const uint8_t *block, int32_t channels, int per_channel, int accumulator);

// Sets the four sums of the channels from `channel` on to their biases.
void upyml_wide_start(const upyml_wide_channels *c, int32_t channel, int64_t acc[4]);

// Adds x[0..count) * w of the four channels for k = first.. of the block. x: INT16.
void upyml_wide_dot(int64_t acc[4], const uint8_t *block, int32_t first, const uint8_t *x, int32_t count);

// Brings the sums of the channels from `channel` on, below `end`, to 16 bits.
void upyml_wide_finish(const upyml_wide_channels *c, int32_t channel, int32_t end, const int64_t acc[4], uint8_t *output);

// The channels `first`, a multiple of four, to `end` of count values times a matrix; y[c] has its place at 2 * c.
void upyml_wide_row(const uint8_t *weights, const upyml_wide_channels *c, int32_t first, int32_t end, const uint8_t *x,
    int32_t count, uint8_t *output);

// The window's clamps are those of the op; its zero points count as 0.
void upyml_conv2d_s16(const upyml_window *p, const upyml_wide_channels *c, const uint8_t *input, uint8_t *output);
void upyml_depthwise_conv2d_s16(const upyml_window *p, const upyml_wide_channels *c, const uint8_t *input, uint8_t *output);
void upyml_fully_connected_s16(const upyml_fully_connected *p, const upyml_wide_channels *c, const uint8_t *input,
    uint8_t *output);
void upyml_pool_s16(const upyml_window *p, int average, const uint8_t *input, uint8_t *output);
void upyml_mean_s16(const upyml_axis *p, const uint8_t *input, uint8_t *output);

void upyml_binary_s16(const upyml_binary *p, const uint8_t *input1, const uint8_t *input2, uint8_t *output);

// table: INT16 answers at -32768, -32640, ... 32768; between two of them on the straight line.
void upyml_table_s16(const uint8_t *table, const uint8_t *input, uint8_t *output, uint32_t count);

// activation: UPYML_ACTIVATION_SIGMOID or _TANH, of x * multiplier / 2^shift in 1 / 12288.
void upyml_sigmoid_s16(const uint8_t *table, int32_t multiplier, int shift, int activation, const uint8_t *input,
    uint8_t *output, uint32_t count);

// exp: table of exp(x) for x from -10 to 0, reciprocal: of 1 / (1 + x) for x from 0 to 1.
void upyml_softmax_s16(const upyml_softmax *p, const uint8_t *exp, const uint8_t *reciprocal, const uint8_t *input,
    uint8_t *output);
void upyml_pad_s16(const int32_t *in_shape, const int32_t *out_shape, const int32_t *before, int32_t value,
    const uint8_t *input, uint8_t *output);

#endif
