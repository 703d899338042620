// Sums of two tensors of one shape on an LX6, 40 instructions a value; all else is as plain.
#define upyml_binary_s8 upyml_binary_plain_s8
#include "../kernels/binary_s8.c"
#undef upyml_binary_s8

#include "../ops.h"
#include "requantization.h"

enum { BATCH = 64 };

// What an input is multiplied by, rounded as requantization.h has it. The assembly knows the offsets.
typedef struct {
    int32_t zero_point, factor;  // factor: 4 << left_shift
    int32_t multiplier, offset, shift, mask;
} upyml_scale;

// scale_values.S
void upyml_scale_values(const int8_t *x, int32_t *scaled, const upyml_scale *scale, int32_t count);
void upyml_add_values(const int8_t *x, const int32_t *scaled, const upyml_scale *scale, const upyml_prepared *q,
    int8_t *output, int32_t count);

static int prepare_scale(upyml_scale *s, int32_t zero_point, int left_shift, int32_t multiplier, int shift) {
    int right = shift < 0 ? -shift : 0;
    s->zero_point = zero_point;
    s->factor = 4 << left_shift;
    s->multiplier = multiplier;
    s->offset = 1 + (right ? 1 << right : 0);
    s->shift = right + 1;
    s->mask = right ? -1 : 0;  // one rounding alone
    return shift <= 0 && right <= UPYML_MOST_SHIFT && multiplier >= 0;
}

// Do both inputs have the output's shape?
static int is_same_shape(const upyml_binary *p) {
    int32_t step = 1;
    for (int axis = UPYML_MAX_RANK - 1; axis >= 0; axis--) {
        if (p->shape[axis] > 1 && (p->stride1[axis] != step || p->stride2[axis] != step)) {
            return 0;
        }
        step *= p->shape[axis];
    }
    return 1;
}

void upyml_binary_s8(const upyml_binary *p, const int8_t *input1, const int8_t *input2, int8_t *output) {
    upyml_scale scale1, scale2;
    upyml_prepared q;
    int fast = p->opcode == UPYML_OPCODE_ADD && is_same_shape(p) && p->left_shift >= 0 && p->left_shift <= 20;
    if (fast) {  // 510 << 20 is less than 2^29
        upyml_prepare(&q, p->multiplier, p->shift, 29, p->out_zero_point);
        fast = !q.plain && prepare_scale(&scale1, p->zero_point1, p->left_shift, p->multiplier1, p->shift1)
            && prepare_scale(&scale2, p->zero_point2, p->left_shift, p->multiplier2, p->shift2);
    }
    if (!fast) {
        upyml_binary_plain_s8(p, input1, input2, output);
        return;
    }
    int32_t count = p->shape[0] * p->shape[1] * p->shape[2] * p->shape[3];
    int narrow = p->clamp_min > -128 || p->clamp_max < 127;
    for (int32_t done = 0, n; done < count; done += n) {
        n = count - done < BATCH ? count - done : BATCH;
        int32_t at = p->order == UPYML_ORDER_REVERSE ? count - done - n : done, scaled[BATCH];
        upyml_scale_values(input1 + at, scaled, &scale1, n);
        upyml_add_values(input2 + at, scaled, &scale2, &q, output + at, n);
        for (int32_t i = at; narrow && i < at + n; i++) {
            output[i] = (int8_t)upyml_clamp(output[i], p->clamp_min, p->clamp_max);
        }
    }
}
