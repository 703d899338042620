// The product of two activations, matrix by matrix. Strides tell where rows and columns lie, so a transposition of an
// operand or of the output costs nothing.
#include "../requantize.h"
#include "attention.h"

static int32_t dot(const upyml_batch_matmul *p, const int8_t *row, const int8_t *column) {
    int32_t sum = 0;
    for (int32_t k = 0; k < p->depth; k++, row += p->left[3], column += p->right[2]) {
        sum = upyml_add_wrapped(sum, (*row - p->left_zero_point) * (*column - p->right_zero_point));
    }
    return sum;
}

static void multiply(const upyml_batch_matmul *p, const int8_t *left, const int8_t *right, int8_t *output) {
    for (int32_t i = 0; i < p->count[2]; i++, left += p->left[2], output += p->output[2]) {
        for (int32_t j = 0; j < p->count[3]; j++) {
            int32_t y = upyml_requantize(dot(p, left, right + j * p->right[3]), p->multiplier, p->shift);
            y = upyml_clamp(upyml_add_wrapped(y, p->out_zero_point), p->clamp_min, p->clamp_max);
            output[j * p->output[3]] = (int8_t)y;
        }
    }
}

void upyml_batch_matmul_s8(const upyml_batch_matmul *p, const int8_t *left, const int8_t *right, int8_t *output,
    uint8_t *scratch) {
    (void)scratch;
    for (int32_t b0 = 0; b0 < p->count[0]; b0++) {
        for (int32_t b1 = 0; b1 < p->count[1]; b1++) {
            multiply(p, left + b0 * p->left[0] + b1 * p->left[1], right + b0 * p->right[0] + b1 * p->right[1],
                output + b0 * p->output[0] + b1 * p->output[1]);
        }
    }
}

uint32_t upyml_batch_matmul_s8_scratch_size(const upyml_batch_matmul *p) {
    (void)p;
    return 0;
}
