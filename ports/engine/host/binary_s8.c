// Sums, differences and products of two tensors, 16 values at a time: read, then written, so that the output may lie over
// an input as for one value at a time.
#include "../kernels.h"
#include "requantize_lanes.h"

// x less its zero point, times 2^shift.
static inline void from_zero_16(const int8_t x[16], int32_t zero_point, int shift, uint32_t y[16]) {
    for (int i = 0; i < 16; i++) {
        y[i] = (uint32_t)(x[i] - zero_point) << shift;
    }
}

static void combine_16(const upyml_binary *p, const int8_t x1[16], const int8_t x2[16], int8_t outputs[16]) {
    uint32_t a[16], b[16];
    int32_t scaled1[16], scaled2[16], y[16];
    from_zero_16(x1, p->zero_point1, p->left_shift, a);
    from_zero_16(x2, p->zero_point2, p->left_shift, b);
    if (p->opcode == UPYML_OPCODE_MUL) {
        for (int i = 0; i < 16; i++) {
            a[i] *= b[i];
        }
    } else {
        upyml_requantize_16(a, p->multiplier1, p->shift1, scaled1);
        upyml_requantize_16(b, p->multiplier2, p->shift2, scaled2);
        uint32_t sign = p->opcode == UPYML_OPCODE_SUB ? 0xffffffffu : 0;
        for (int i = 0; i < 16; i++) {
            a[i] = (uint32_t)scaled1[i] + (((uint32_t)scaled2[i] ^ sign) - sign);
        }
    }
    upyml_requantize_16(a, p->multiplier, p->shift, y);
    upyml_range range = {p->out_zero_point, p->clamp_min, p->clamp_max};
    if (p->shift < 0) {
        upyml_clamp_usual_16(y, &range, outputs);
    } else {
        upyml_clamp_16(y, &range, outputs);
    }
}

// `count` values, up to 16; step 0: one value for all of them.
static void load(const int8_t *x, int32_t step, int32_t count, int8_t values[16]) {
    if (step == 0) {
        memset(values, *x, 16);
    } else if (count == 16) {
        memcpy(values, x, 16);
    } else {
        memcpy(values, x, (size_t)count);
    }
}

static void combine_row(const upyml_binary *p, const int8_t *x1, int32_t step1, const int8_t *x2, int32_t step2,
    int8_t *y, int32_t count) {
    int8_t values1[16] = {0}, values2[16] = {0}, made[16];
    for (int32_t done = 0; done < count; done += 16) {
        int32_t some = count - done < 16 ? count - done : 16;
        int32_t at = p->order == UPYML_ORDER_REVERSE ? count - done - some : done;
        load(x1 + at * step1, step1, some, values1);
        load(x2 + at * step2, step2, some, values2);
        combine_16(p, values1, values2, made);
        memcpy(y + at, made, (size_t)some);
    }
}

// Do the elements of an input follow on each other as those of the output do?
static int is_whole(const int32_t *shape, const int32_t *stride) {
    int32_t step = 1, whole = 1;
    for (int axis = UPYML_MAX_RANK - 1; axis >= 0; axis--) {
        whole = whole && (shape[axis] == 1 || stride[axis] == step);
        step *= shape[axis];
    }
    return whole;
}

void upyml_binary_s8(const upyml_binary *p, const int8_t *input1, const int8_t *input2, int8_t *output) {
    const int32_t *n = p->shape, *s1 = p->stride1, *s2 = p->stride2;
    int32_t count = n[0] * n[1] * n[2] * n[3];
    if (is_whole(n, s1) && is_whole(n, s2)) {
        combine_row(p, input1, 1, input2, 1, output, count);
        return;
    }
    for (int32_t step = 0; step < count; step += n[3]) {
        int32_t row = (p->order == UPYML_ORDER_REVERSE ? count - n[3] - step : step) / n[3];  // place of the innermost row
        int32_t i2 = row % n[2], i1 = row / n[2] % n[1], i0 = row / n[2] / n[1];
        combine_row(p, input1 + i0 * s1[0] + i1 * s1[1] + i2 * s1[2], s1[3],
            input2 + i0 * s2[0] + i1 * s2[1] + i2 * s2[2], s2[3], output + row * n[3], n[3]);
    }
}
