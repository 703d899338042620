// Sums of two scaled inputs, see binary_s8.c.
#ifndef UPYML_PAIRS_BINARY_ADD_H
#define UPYML_PAIRS_BINARY_ADD_H

#include "../kernels.h"

// binary_add.S knows the offsets: every field is a word.
typedef struct {
    int32_t factor1, factor2, offset, guard, range, low;
    const upyml_binary *p;
} upyml_sum;

enum { UPYML_SUM_FRACTION = 20 };  // bits of a sum

// The CPU's: output[at] for `count` places, at least 1, from `at` on, in steps of `step`, 1 or -1.
void upyml_add_values(const int8_t *input1, const int8_t *input2, int8_t *output, const upyml_sum *s, int32_t at,
    int32_t count, int32_t step);

// What it asks where it is not sure: the output less the clamp's low end.
int32_t upyml_add_exact(const upyml_binary *p, int32_t x1, int32_t x2);

#endif
