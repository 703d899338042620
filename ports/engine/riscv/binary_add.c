#include "../pairs/binary_add.h"

// 17 instructions an element, but once in some thousand.
void upyml_add_values(const int8_t *input1, const int8_t *input2, int8_t *output, const upyml_sum *s, int32_t at,
    int32_t count, int32_t step) {
    const upyml_sum sum = *s;
    const int8_t *x1 = input1 + at, *x2 = input2 + at;
    int8_t *y = output + at;
    for (const int8_t *end = x1 + count * step; x1 != end; x1 += step, x2 += step, y += step) {
        int32_t t = *x1 * sum.factor1 + *x2 * sum.factor2 + sum.offset, made = t >> UPYML_SUM_FRACTION;
        if ((t & sum.guard) == 0) {
            made = upyml_add_exact(sum.p, *x1, *x2);
        }
        if ((uint32_t)made > (uint32_t)sum.range) {
            made = ~made >> 31 & sum.range;  // 0 from below
        }
        *y = (int8_t)(made + sum.low);
    }
}
