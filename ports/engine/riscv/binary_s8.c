// Sums and differences of inputs that lie alike; all else is left to the plain kernel.
//
// The output less the clamp's low end is the integer part of
//     t = x1 * f1 + x2 * f2 + offset, clamped,
// with f1, f2 the products of the file's multipliers, unless t is within e of an integer. The exact way rounds each
// scaled input twice, by at most 1 in all, and their sum once before the last rounding: 2.5 units of 2^shift at most. t
// is taken in units of 2^-20 with f1 and f2 rounded, which is wrong by less than 256 units. e is added to the offset: then
// t lies above the true value by 2 * e at most, and where its fraction is at least that, the integer parts are the same.
// Else, once in some thousand values, the plain way decides.
#define upyml_binary_s8 upyml_binary_plain_s8
#include "../kernels/binary_s8.c"
#undef upyml_binary_s8

// MOST: of both factors together, so that t has room: inputs less their zero points are at most 255, and as much comes for
// the output's.
enum { FRACTION = 20, ROUNDED = 256, MOST = 7 << FRACTION };

typedef struct {
    int32_t factor1, factor2, offset;
    int32_t guard;  // a fraction that has none of these bits is below 2 * e
} sum;

// multiplier1 * multiplier2 * 2^(shift - 62) in units of 2^-FRACTION, rounded; 0 where that does not fit.
static int32_t factor(int32_t multiplier1, int32_t multiplier2, int shift) {
    int drop = 62 - FRACTION - shift;
    if (drop < 32 || drop > 62 || multiplier1 < 0 || multiplier2 < 0) {
        return 0;
    }
    uint64_t product = (uint64_t)(uint32_t)multiplier1 * (uint32_t)multiplier2 + ((uint64_t)1 << (drop - 1));
    uint32_t made = (uint32_t)(product >> 32) >> (drop - 32);
    return made < MOST ? (int32_t)made : 0;
}

// Answers 0 where the plain way has to do all.
static int prepare(const upyml_binary *p, sum *s) {
    int shift = p->left_shift + p->shift;
    s->factor1 = factor(p->multiplier1, p->multiplier, shift + p->shift1);
    s->factor2 = factor(p->multiplier2, p->multiplier, shift + p->shift2);
    if (p->opcode == UPYML_OPCODE_MUL || p->shift > -3 || p->shift1 > 0 || p->shift2 > 0 || s->factor1 == 0
        || s->factor2 == 0 || s->factor1 + s->factor2 > MOST) {
        return 0;
    }
    int32_t error = (p->shift > -FRACTION ? 5 << (FRACTION - 1 + p->shift) : 3) + ROUNDED;
    if (p->opcode == UPYML_OPCODE_SUB) {
        s->factor2 = -s->factor2;
    }
    int32_t zero_points = upyml_add_wrapped(p->zero_point1 * s->factor1, p->zero_point2 * s->factor2);
    s->offset = (p->out_zero_point - p->clamp_min) * (1 << FRACTION) + (1 << (FRACTION - 1)) + error;
    s->offset = (int32_t)((uint32_t)s->offset - (uint32_t)zero_points);
    s->guard = (1 << FRACTION) - 1;
    for (int32_t unsure = 1; unsure < 2 * error; unsure *= 2) {
        s->guard -= unsure;
    }
    return 1;
}

// Elements, if both inputs have one for each of the output's, one after another; else 0.
static int32_t count_alike(const upyml_binary *p) {
    int32_t count = 1;
    for (int axis = UPYML_MAX_RANK - 1; axis >= 0; axis--) {
        if (p->shape[axis] > 1 && (p->stride1[axis] != count || p->stride2[axis] != count)) {
            return 0;
        }
        count *= p->shape[axis];
    }
    return count;
}

// 17 instructions an element.
void upyml_binary_s8(const upyml_binary *p, const int8_t *input1, const int8_t *input2, int8_t *output) {
    sum s;
    int32_t count = count_alike(p), step = 1, low = p->clamp_min, range = p->clamp_max - low;
    if (!prepare(p, &s) || count == 0) {
        upyml_binary_plain_s8(p, input1, input2, output);
        return;
    }
    const int8_t *x1 = input1, *x2 = input2, *end = input1 + count;
    if (p->order == UPYML_ORDER_REVERSE) {
        step = -1;
        x1 += count - 1;
        x2 += count - 1;
        output += count - 1;
        end = input1 - 1;
    }
    for (; x1 != end; x1 += step, x2 += step, output += step) {
        int32_t t = upyml_add_wrapped(upyml_add_wrapped(*x1 * s.factor1, *x2 * s.factor2), s.offset), y = t >> FRACTION;
        if ((t & s.guard) == 0) {
            y = combine(p, *x1, *x2) - low;
        }
        if ((uint32_t)y > (uint32_t)range) {
            y = ~y >> 31 & range;  // 0 from below
        }
        *output = (int8_t)(y + low);
    }
}
