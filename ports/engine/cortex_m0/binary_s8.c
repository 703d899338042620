// Elementwise ops on a Cortex-M0+; what does not fit below is left to the plain kernel.
//
// ADD and SUB: the output less the clamp's low end is the integer part of
//     t = x1 * f1 + x2 * f2 + offset, clamped,
// with f1, f2 the products of the file's multipliers, unless t is within e of an integer. The exact way rounds each
// scaled input twice, by at most 1 in all, and their sum once before the last rounding: 2.5 units of 2^shift at most. t
// is taken in units of 2^-20 with f1 and f2 rounded, which is wrong by less than 256 units. As in requantization.c, e
// is added to the offset, so that one test tells whether the integer part is right; else, once in some thousand values,
// the plain way decides.
#define upyml_binary_s8 upyml_binary_plain_s8
#include "../kernels/binary_s8.c"
#undef upyml_binary_s8

#include <string.h>

#include "requantization.h"

enum { FRACTION = 20, ROUNDED = 256 };

// binary_add.S knows the offsets: every field is a word.
typedef struct {
    int32_t factor1, factor2, offset, guard, range, low;
    const upyml_binary *p;
} sum;

// output[at] for `count` places from `at` on, in steps of `step`, 1 or -1.
void upyml_m0_add(const int8_t *input1, const int8_t *input2, int8_t *output, const sum *s, int32_t at, int32_t count,
    int32_t step);
// What upyml_m0_add asks where it is not sure: the output less the clamp's low end.
int32_t upyml_m0_add_exact(const upyml_binary *p, int32_t x1, int32_t x2);

int32_t upyml_m0_add_exact(const upyml_binary *p, int32_t x1, int32_t x2) {
    return combine(p, x1, x2) - p->clamp_min;
}

// multiplier1 * multiplier2 * 2^(shift - 62) in units of 2^-FRACTION, rounded; 0 where that does not fit.
static int32_t factor(int32_t multiplier1, int32_t multiplier2, int shift) {
    int drop = 62 - FRACTION - shift;
    if (drop < 1 || drop > 62 || multiplier1 < 0 || multiplier2 < 0) {
        return 0;
    }
    uint64_t product = (uint64_t)(uint32_t)multiplier1 * (uint32_t)multiplier2 + ((uint64_t)1 << (drop - 1));
    return product >> drop < 1u << 23 ? (int32_t)(product >> drop) : 0;  // 128 of it have room in 31 bits
}

static int prepare_sum(const upyml_binary *p, sum *s) {
    if (p->opcode == UPYML_OPCODE_MUL || p->shift > -3 || p->shift1 > 0 || p->shift2 > 0) {
        return 0;
    }
    int shift = p->left_shift + p->shift;
    s->factor1 = factor(p->multiplier1, p->multiplier, shift + p->shift1);
    s->factor2 = factor(p->multiplier2, p->multiplier, shift + p->shift2);
    if (s->factor1 == 0 || s->factor2 == 0) {
        return 0;
    }
    int32_t error = (p->shift > -FRACTION ? 5 << (FRACTION - 1 + p->shift) : 3) + ROUNDED;
    if (p->opcode == UPYML_OPCODE_SUB) {
        s->factor2 = -s->factor2;
    }
    int64_t offset = ((int64_t)(p->out_zero_point - p->clamp_min) << FRACTION) + (1 << (FRACTION - 1)) + error
                     - (int64_t)p->zero_point1 * s->factor1 - (int64_t)p->zero_point2 * s->factor2;
    int64_t most = 128 * ((int64_t)s->factor1 + (s->factor2 < 0 ? -s->factor2 : s->factor2));
    if (offset + most > INT32_MAX || offset - most < INT32_MIN) {
        return 0;
    }
    int unsure = 0;
    while ((1 << unsure) < 2 * error) {
        unsure++;
    }
    s->offset = (int32_t)offset;
    s->guard = (1 << FRACTION) - (1 << unsure);
    s->range = p->clamp_max - p->clamp_min;
    s->low = p->clamp_min;
    s->p = p;
    return 1;
}

// What an op needs for runs of elements that lie one after another in both inputs.
typedef struct {
    const upyml_binary *p;
    int reverse;
    sum sum;  // ADD and SUB
    upyml_prepared product;  // MUL
} prepared;

static int prepare(const upyml_binary *p, prepared *f) {
    f->p = p;
    f->reverse = p->order == UPYML_ORDER_REVERSE;
    if (p->opcode != UPYML_OPCODE_MUL) {
        return prepare_sum(p, &f->sum);
    }
    upyml_prepare(&f->product, p->multiplier, p->shift, 16, p->out_zero_point, p->clamp_min, p->clamp_max);
    return 1;
}

// Products of some elements at a time, then requantized as a convolution's sums are.
static void multiply(const prepared *f, const int8_t *input1, const int8_t *input2, int8_t *output, int32_t count) {
    enum { BATCH = 32 };
    int32_t products[BATCH], zero_point1 = f->p->zero_point1, zero_point2 = f->p->zero_point2;
    for (int32_t done = 0; done < count; done += BATCH) {
        int32_t size = count - done < BATCH ? count - done : BATCH, at = f->reverse ? count - done - size : done;
        const int8_t *x1 = input1 + at, *x2 = input2 + at;
        for (int32_t i = 0; i < size; i++) {
            products[i] = (x1[i] - zero_point1) * (x2[i] - zero_point2);
        }
        upyml_requantize_prepared(products, output + at, &f->product, size, 4, 1);
    }
}

static void run(const prepared *f, const int8_t *input1, const int8_t *input2, int8_t *output, int32_t count) {
    if (f->p->opcode == UPYML_OPCODE_MUL) {
        multiply(f, input1, input2, output, count);
    } else {
        upyml_m0_add(input1, input2, output, &f->sum, f->reverse ? count - 1 : 0, count, f->reverse ? -1 : 1);
    }
}

// The innermost axis. step1, step2: 1, or 0 for an input that broadcasts: its value is repeated for a part at a time.
static void run_broadcast(const prepared *f, const int8_t *input1, int32_t step1, const int8_t *input2, int32_t step2,
    int8_t *output, int32_t count) {
    enum { PART = 64 };
    int8_t same1[PART], same2[PART];
    int32_t part = step1 && step2 ? count : count < PART ? count : PART;
    if (!step1) {
        memset(same1, *input1, (size_t)part);
    }
    if (!step2) {
        memset(same2, *input2, (size_t)part);
    }
    for (int32_t done = 0; done < count; done += part) {
        int32_t size = count - done < part ? count - done : part, at = f->reverse ? count - done - size : done;
        run(f, step1 ? input1 + at : same1, step2 ? input2 + at : same2, output + at, size);
    }
}

// Axes are put together where both inputs go on evenly from one to the next: without broadcast there is one left. Runs
// are the longer for it.
static void merge_axes(const upyml_binary *p, int32_t *n, int32_t *stride1, int32_t *stride2) {
    int to = UPYML_MAX_RANK - 1;
    n[0] = n[1] = n[2] = n[3] = 1;
    for (int axis = to; axis >= 0; axis--) {
        int32_t count = p->shape[axis], s1 = p->stride1[axis], s2 = p->stride2[axis];
        if (count == 1) {
            continue;
        }
        if (n[to] > 1 && s1 == stride1[to] * n[to] && s2 == stride2[to] * n[to]) {
            n[to] *= count;
            continue;
        }
        to -= n[to] > 1;
        n[to] = count;
        stride1[to] = s1;
        stride2[to] = s2;
    }
}

void upyml_binary_s8(const upyml_binary *p, const int8_t *input1, const int8_t *input2, int8_t *output) {
    int32_t n[UPYML_MAX_RANK], s1[UPYML_MAX_RANK] = {0}, s2[UPYML_MAX_RANK] = {0};
    prepared f;
    if (!prepare(p, &f)) {
        upyml_binary_plain_s8(p, input1, input2, output);
        return;
    }
    merge_axes(p, n, s1, s2);
    int32_t rows = n[0] * n[1] * n[2];
    for (int32_t done = 0; done < rows; done++) {
        int32_t row = f.reverse ? rows - 1 - done : done, i2 = row, i1 = 0, i0 = 0;
        if (n[1] > 1) {
            i2 = row % n[2];
            i1 = row / n[2] % n[1];
            i0 = row / n[2] / n[1];
        }
        run_broadcast(&f, input1 + i0 * s1[0] + i1 * s1[1] + i2 * s1[2], s1[3],
            input2 + i0 * s2[0] + i1 * s2[1] + i2 * s2[2], s2[3], output + row * n[3], n[3]);
    }
}
