// What transformers need beyond the base ops: products of activations, layer normalization, look-up of rows, softmax of a band.
// Plain C, the definition of each; SPEC.md tells the sums.
#ifndef UPYML_ATTENTION_H
#define UPYML_ATTENTION_H

#include "../kernels.h"

enum { UPYML_PRODUCT_AXES = 4 };  // outer batch, inner batch, row, column

// output[b0, b1, i, j] = sum over k of left[b0, b1, i, k] * right[b0, b1, k, j], each less its zero point.
typedef struct {
    int32_t count[UPYML_PRODUCT_AXES];  // of the output
    int32_t depth;  // number of k
    int32_t left[UPYML_PRODUCT_AXES], right[UPYML_PRODUCT_AXES], output[UPYML_PRODUCT_AXES];  // elements from one step to
    // the next; of left the last two are rows and k, of right k and columns; 0 where one matrix serves a whole batch axis
    int32_t left_zero_point, right_zero_point, out_zero_point;
    int32_t multiplier, shift, clamp_min, clamp_max;
    int32_t scratch_size;
} upyml_batch_matmul;

void upyml_batch_matmul_s8(const upyml_batch_matmul *p, const int8_t *left, const int8_t *right, int8_t *output,
    uint8_t *scratch);

// The least scratch; more may make it faster.
uint32_t upyml_batch_matmul_s8_scratch_size(const upyml_batch_matmul *p);

// Rows of `count` values: less their mean, where `centered`, else less the zero point; by their root mean square.
typedef struct {
    int32_t rows, count;
    int centered;
    uint64_t epsilon;  // added to the mean square: in 1 / (256 * count^2) of the input's steps squared; at least 1
    int32_t in_zero_point, out_zero_point;
    int32_t multiplier, shift, clamp_min, clamp_max;
    const uint8_t *gamma, *beta;  // int16 and int32, one for each of the `count` places
} upyml_layer_norm;

void upyml_layer_norm_s8(const upyml_layer_norm *p, const int8_t *input, int8_t *output);

// The input seen as (outer, count, inner): for each index the block there of `bytes` bytes; what lies outside becomes the
// first or the last one.
typedef struct {
    int32_t outer, count, bytes;
    int32_t indices, dtype, zero_point;  // of the indices
} upyml_gather;

void upyml_gather_rows(const upyml_gather *p, const uint8_t *input, const uint8_t *indices, uint8_t *output);

// What a softmax sees of matrices of `rows` rows: of row i the columns from i - before to i + after, as far as they exist.
typedef struct {
    int32_t rows, before, after;
} upyml_band;

// The other columns get probability 0.
void upyml_masked_softmax_s8(const upyml_softmax *p, const upyml_band *band, const int8_t *input, int8_t *output);

#endif
