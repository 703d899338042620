// Elementwise ops with the DSP extension: about 33 instructions a sum, 16 a product. What does not fit below is left to the
// plain kernel.
//
// ADD and SUB: each input, less its zero point and shifted left, is scaled with both roundings as in requantization.h:
// `shifted` is twice that value, which SMMLAR asks for. Without a right shift there is but one rounding; that is taken
// the same way, as a right shift by one of twice the scaled value, if the latter is whole: so it is where the multiplier is
// 2^30, as that of the input with the larger scale.
#define upyml_binary_s8 upyml_binary_plain_s8
#include "../kernels/binary_s8.c"
#undef upyml_binary_s8

#include "hot.h"
#include "requantization.h"

enum { MOST_LEFT = 23 };  // 255 times 2^23 has room

typedef struct {
    int32_t factor, less;  // shifted = value * factor - less
    int32_t multiplier, half, right_shift;
} scaled_input;

// What an op needs for runs of elements.
typedef struct {
    scaled_input input1, input2;
    int32_t sign;  // of the second input
    upyml_prepared q;
} prepared;

static int prepare_input(scaled_input *s, int32_t zero_point, int32_t multiplier, int shift, int left_shift) {
    int left = left_shift + 1, whole = left_shift > 0 && (multiplier & (int32_t)((1u << (31 - left_shift)) - 1)) == 0;
    if (shift == 0 && whole) {
        left++;
        shift = -1;
    }
    if (shift >= 0 || shift < -30 || left > MOST_LEFT || multiplier < 0) {
        return 0;
    }
    s->factor = 1 << left;
    s->less = zero_point * s->factor;
    s->multiplier = multiplier;
    s->half = 1 << (-shift - 1);
    s->right_shift = -shift;
    return 1;
}

static int prepare(const upyml_binary *p, prepared *f) {
    upyml_prepare(&f->q, p->multiplier, p->shift, 30, p->out_zero_point, p->clamp_min, p->clamp_max);
    f->sign = p->opcode == UPYML_OPCODE_SUB ? -1 : 1;
    return p->opcode == UPYML_OPCODE_MUL
           || (prepare_input(&f->input1, p->zero_point1, p->multiplier1, p->shift1, p->left_shift)
               && prepare_input(&f->input2, p->zero_point2, p->multiplier2, p->shift2, p->left_shift));
}

static inline int32_t scale(int32_t value, const scaled_input *s) {
    int32_t shifted = value * s->factor - s->less;
    return upyml_smmlar(shifted, s->multiplier, s->half + (shifted >> 31)) >> s->right_shift;
}

// Elements that go on by a step in each input: 1, 0 or, backwards, -1.
typedef struct {
    const int8_t *x1, *x2;
    int32_t step1, step2;
    int8_t *y;
    int32_t step, count;
} elements;

static UPYML_HOT void add(const prepared *parameters, elements e) {
    prepared f = *parameters;  // nothing that is written to may lie there
    for (; e.count > 0; e.count--, e.x1 += e.step1, e.x2 += e.step2, e.y += e.step) {
        int32_t sum = scale(*e.x1, &f.input1) + f.sign * scale(*e.x2, &f.input2);
        *e.y = (int8_t)(f.q.special ? upyml_requantize_special(sum, &parameters->q)
                                    : upyml_requantize_int8(sum, f.q.multiplier, f.q.offset, f.q.right_shift));
    }
}

static UPYML_HOT void multiply(const upyml_binary *p, const upyml_prepared *prepared, elements e) {
    upyml_prepared q = *prepared;
    int32_t zero_point1 = p->zero_point1, zero_point2 = p->zero_point2;
    for (; e.count > 0; e.count--, e.x1 += e.step1, e.x2 += e.step2, e.y += e.step) {
        int32_t product = (*e.x1 - zero_point1) * (*e.x2 - zero_point2);
        *e.y = (int8_t)(q.special ? upyml_requantize_special(product, prepared)
                                  : upyml_requantize_int8(product, q.multiplier, q.offset, q.right_shift));
    }
}

static void run(const upyml_binary *p, const prepared *f, elements e) {
    if (p->order == UPYML_ORDER_REVERSE) {
        e.x1 += (e.count - 1) * e.step1;
        e.x2 += (e.count - 1) * e.step2;
        e.y += e.count - 1;
        e.step1 = -e.step1;
        e.step2 = -e.step2;
        e.step = -1;
    }
    if (p->opcode == UPYML_OPCODE_MUL) {
        multiply(p, &f->q, e);
    } else {
        add(f, e);
    }
}

// Do both inputs go on evenly over all axes, so that they are one row?
static int is_one_row(const upyml_binary *p) {
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
    const int32_t *n = p->shape, *s1 = p->stride1, *s2 = p->stride2;
    prepared f;
    if (!prepare(p, &f)) {
        upyml_binary_plain_s8(p, input1, input2, output);
        return;
    }
    if (is_one_row(p)) {
        elements all = {input1, input2, 1, 1, output, 1, n[0] * n[1] * n[2] * n[3]};
        run(p, &f, all);
        return;
    }
    int32_t rows = n[0] * n[1] * n[2];
    for (int32_t done = 0; done < rows; done++) {
        int32_t row = p->order == UPYML_ORDER_REVERSE ? rows - 1 - done : done;
        int32_t i2 = row % n[2], i1 = row / n[2] % n[1], i0 = row / n[2] / n[1];
        elements e = {input1 + i0 * s1[0] + i1 * s1[1] + i2 * s1[2], input2 + i0 * s2[0] + i1 * s2[1] + i2 * s2[2], s1[3],
            s2[3], output + row * n[3], 1, n[3]};
        run(p, &f, e);
    }
}
