// Elementwise ops of two inputs that broadcast to the output's shape: kernels/binary_s8.c has those of the family BASE.
#include "../fixed_point.h"
#include "../requantize.h"
#include "math.h"

static int32_t prelu(const upyml_binary *p, int32_t x, int32_t slope) {
    x -= p->zero_point1;
    return x >= 0 ? upyml_requantize(x, p->multiplier1, p->shift1)
                  : upyml_requantize(x * (slope - p->zero_point2), p->multiplier2, p->shift2);
}

static int32_t squared_difference(const upyml_binary *p, int32_t x1, int32_t x2) {
    int32_t scaled1 = upyml_requantize((x1 - p->zero_point1) * (1 << p->left_shift), p->multiplier1, p->shift1);
    int32_t scaled2 = upyml_requantize((x2 - p->zero_point2) * (1 << p->left_shift), p->multiplier2, p->shift2);
    uint32_t difference = (uint32_t)scaled1 - (uint32_t)scaled2;
    return upyml_requantize((int32_t)(difference * difference), p->multiplier, p->shift);
}

// x1 times 1 / x2, which has 31 significant bits. By 0: as far away as the output goes, 0 / 0 is 0.
static int32_t quotient(const upyml_binary *p, int32_t x1, int32_t x2) {
    x1 -= p->zero_point1;
    x2 -= p->zero_point2;
    if (x1 == 0 || x2 == 0) {
        return x1 > 0 ? 255 : x1 < 0 ? -255 : 0;
    }
    if (x2 < 0) {
        x1 = -x1;
        x2 = -x2;
    }
    int zeros, left = 0;
    int32_t inverse = upyml_reciprocal((uint32_t)x2, &zeros);
    while (x1 < 1 << 30 && x1 >= -(1 << 30)) {  // x1 as large as int32 takes it
        x1 *= 2;
        left++;
    }
    int32_t y = upyml_doubling_high_mul(upyml_doubling_high_mul(x1, inverse), p->multiplier);
    return upyml_divide_by_power(y, 31 - zeros + left - p->shift);
}

// The larger of two values, or of their mirrors, which is the smaller. Not inline, as one_row: its variables have registers then.
static __attribute__((noinline)) void extremes(const upyml_binary *p, const int8_t *x1, const int8_t *x2, int8_t *y, int32_t count, int32_t s1, int32_t s2,
    int32_t step) {
    int32_t mirror = p->opcode == UPYML_OPCODE_MINIMUM ? -1 : 0, low = p->clamp_min, high = p->clamp_max;
    for (; count > 0; count--, x1 += s1, x2 += s2, y += step) {
        int32_t a = *x1 ^ mirror, b = *x2 ^ mirror;
        *y = (int8_t)upyml_clamp((a > b ? a : b) ^ mirror, low, high);
    }
}

static __attribute__((noinline)) void one_row(const upyml_binary *p, const int8_t *x1, const int8_t *x2, int8_t *y, int32_t count, int32_t s1, int32_t s2,
    int32_t step) {
    if (p->opcode <= UPYML_OPCODE_MINIMUM) {
        extremes(p, x1, x2, y, count, s1, s2, step);
        return;
    }
    for (; count > 0; count--, x1 += s1, x2 += s2, y += step) {
        int32_t value;
        if (p->opcode == UPYML_OPCODE_PRELU) {
            value = prelu(p, *x1, *x2);
        } else if (p->opcode == UPYML_OPCODE_SQUARED_DIFFERENCE) {
            value = squared_difference(p, *x1, *x2);
        } else {
            value = quotient(p, *x1, *x2);
        }
        *y = (int8_t)upyml_clamp(upyml_add_wrapped(value, p->out_zero_point), p->clamp_min, p->clamp_max);
    }
}

void upyml_pairwise_s8(const upyml_binary *p, const int8_t *input1, const int8_t *input2, int8_t *output) {
    int32_t n[4], s1[4], s2[4], step = p->order == UPYML_ORDER_REVERSE ? -1 : 1, axis;
    for (axis = 0; axis < 4; axis++) {
        n[axis] = p->shape[axis];
        s1[axis] = p->stride1[axis];
        s2[axis] = p->stride2[axis];
    }
    // Rows as long as can be: axes along which both inputs go on, or stay, as along the last.
    for (axis = 2; axis >= 0; axis--) {
        if (n[3] == 1) {
            s1[3] = s1[axis];
            s2[3] = s2[axis];
        } else if (n[axis] > 1 && (s1[axis] != s1[3] * n[3] || s2[axis] != s2[3] * n[3])) {
            break;
        }
        n[3] *= n[axis];
        n[axis] = 1;
    }
    if (step < 0) {
        int32_t last1 = 0, last2 = 0, last = 1;
        for (axis = 0; axis < 4; axis++) {
            last1 += (n[axis] - 1) * s1[axis];
            last2 += (n[axis] - 1) * s2[axis];
            last *= n[axis];
            s1[axis] = -s1[axis];
            s2[axis] = -s2[axis];
        }
        input1 += last1;
        input2 += last2;
        output += last - 1;
    }
    for (int32_t i0 = 0; i0 < n[0]; i0++) {
        for (int32_t i1 = 0; i1 < n[1]; i1++) {
            for (int32_t i2 = 0; i2 < n[2]; i2++, output += step * n[3]) {
                const int8_t *x1 = input1 + i0 * s1[0] + i1 * s1[1] + i2 * s1[2];
                const int8_t *x2 = input2 + i0 * s2[0] + i1 * s2[1] + i2 * s2[2];
                one_row(p, x1, x2, output, n[3], s1[3], s2[3], step);
            }
        }
    }
}
