#include "../kernels.h"
#include "../requantize.h"

static int32_t combine(const upyml_binary *p, int32_t x1, int32_t x2) {
    x1 -= p->zero_point1;
    x2 -= p->zero_point2;
    int32_t y;
    if (p->opcode == UPYML_OPCODE_MUL) {
        y = upyml_requantize(x1 * x2, p->multiplier, p->shift);
    } else {
        int32_t scaled1 = upyml_requantize(x1 * (1 << p->left_shift), p->multiplier1, p->shift1);
        int32_t scaled2 = upyml_requantize(x2 * (1 << p->left_shift), p->multiplier2, p->shift2);
        uint32_t term = p->opcode == UPYML_OPCODE_SUB ? 0u - (uint32_t)scaled2 : (uint32_t)scaled2;
        y = upyml_requantize((int32_t)((uint32_t)scaled1 + term), p->multiplier, p->shift);
    }
    return upyml_clamp(upyml_add_wrapped(y, p->out_zero_point), p->clamp_min, p->clamp_max);
}

void upyml_binary_s8(const upyml_binary *p, const int8_t *input1, const int8_t *input2, int8_t *output) {
    const int32_t *n = p->shape, *s1 = p->stride1, *s2 = p->stride2;
    int reverse = p->order == UPYML_ORDER_REVERSE;
    int32_t count = n[0] * n[1] * n[2] * n[3];
    for (int32_t step = 0; step < count; step += n[3]) {
        int32_t row = (reverse ? count - n[3] - step : step) / n[3];  // place of the innermost row
        int32_t i2 = row % n[2], i1 = row / n[2] % n[1], i0 = row / n[2] / n[1];
        const int8_t *x1 = input1 + i0 * s1[0] + i1 * s1[1] + i2 * s1[2];
        const int8_t *x2 = input2 + i0 * s2[0] + i1 * s2[1] + i2 * s2[2];
        int8_t *y = output + row * n[3];
        for (int32_t i = 0; i < n[3]; i++) {
            int32_t at = reverse ? n[3] - 1 - i : i;
            y[at] = (int8_t)combine(p, x1[at * s1[3]], x2[at * s2[3]]);
        }
    }
}
