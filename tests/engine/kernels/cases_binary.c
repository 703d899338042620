// Sums, differences and products: random scales, clamps, shapes and orders, in place or beside, and for some scales
// every pair of values.
#include <string.h>

#include "kernels.h"
#include "rig.h"

enum { CASES = 2400, GUARD = 8, MOST = 256 + 8, AWAY = 40 };

void plain_upyml_binary_s8(const upyml_binary *p, const int8_t *input1, const int8_t *input2, int8_t *output);

static int8_t found[MOST + 2 * GUARD + AWAY], expected[MOST + 2 * GUARD + AWAY], x1[MOST], x2[MOST];

static int32_t between(int32_t low, int32_t high) {
    return low + (int32_t)(rig_random() % (uint32_t)(high - low + 1));
}

static int32_t some_multiplier(void) {
    return (int32_t)(rig_random() >> 2 | 1u << 30) - (rig_random() % 16 == 0);  // sometimes below 2^30
}

static void some_parameters(upyml_binary *p) {
    memset(p, 0, sizeof *p);
    p->opcode = between(0, 2) == 0 ? UPYML_OPCODE_MUL : between(0, 1) ? UPYML_OPCODE_ADD : UPYML_OPCODE_SUB;
    p->order = between(0, 2);  // DISJOINT, FORWARD, REVERSE
    p->zero_point1 = between(-128, 127);
    p->zero_point2 = between(-128, 127);
    p->out_zero_point = between(-128, 127);
    p->clamp_min = between(0, 3) ? -128 : between(-128, 127);
    p->clamp_max = between(0, 3) ? 127 : between(p->clamp_min, 127);
    p->multiplier = some_multiplier();
    if (p->opcode == UPYML_OPCODE_MUL) {
        p->shift = (int8_t)between(-12, 1);
        return;
    }
    p->multiplier1 = some_multiplier();
    p->multiplier2 = some_multiplier();
    p->left_shift = (int8_t)(between(0, 3) ? 20 : between(0, 20));
    p->shift = (int8_t)(between(0, 3) ? between(-20, -16) : between(-24, 1));
    p->shift1 = (int8_t)(between(0, 3) ? between(-3, 0) : between(-8, 1));
    p->shift2 = (int8_t)(between(0, 3) ? between(-3, 0) : between(-8, 1));
}

// The output's shape, and in half of all cases an input that broadcasts: on some axes, or on all.
static int32_t some_shape(upyml_binary *p, int *first_is_whole) {
    int32_t step = 1;
    int broadcasts = between(0, 5), all = between(0, 3) == 0;
    *first_is_whole = broadcasts != 0;
    for (int axis = UPYML_MAX_RANK - 1; axis >= 0; axis--) {
        p->shape[axis] = between(1, axis == UPYML_MAX_RANK - 1 ? 9 : 3);
        p->stride1[axis] = p->stride2[axis] = p->shape[axis] == 1 ? 0 : step;
        step *= p->shape[axis];
        if (broadcasts < 3 && (all || between(0, 1))) {
            (broadcasts == 0 ? p->stride1 : p->stride2)[axis] = 0;
        }
    }
    return step;
}

static int differs(const upyml_binary *p, int32_t count, const char *what) {
    if (memcmp(found, expected, sizeof found) == 0) {
        return 0;
    }
    const int32_t numbers[] = {
        p->opcode, p->order, p->shape[0], p->shape[1], p->shape[2], p->shape[3], p->zero_point1, p->zero_point2,
        p->out_zero_point, p->clamp_min, p->clamp_max, p->multiplier1, p->multiplier2, p->multiplier, p->shift1,
        p->shift2, p->shift, p->left_shift, count,
    };
    rig_print(what);
    rig_print(": opcode, order, shape, zero points, clamp, multipliers, shifts, left shift, count: ");
    for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        rig_number(numbers[i]);
        rig_print(" ");
    }
    rig_print("\n");
    return 1;
}

static void fill(int8_t *values, int32_t count) {
    int kind = between(0, 4);
    for (int32_t i = 0; i < count; i++) {
        values[i] = (int8_t)(kind == 0 ? -128 : kind == 1 ? 127 : (int32_t)(rig_random() & 255) - 128);
    }
}

// Fast and plain kernel on the same bytes; where `over`, the output lies over the first input or some bytes away from
// it, in front of it where the op goes upwards, behind it where it goes downwards.
static int one_case(const upyml_binary *p, int32_t count, int over) {
    int32_t away = over && between(0, 1) ? between(1, AWAY) : 0;
    int32_t out = GUARD + between(0, 3), in = out;  // bytes from a word's start are any
    if (p->order == UPYML_ORDER_REVERSE) {
        out += away;
    } else {
        in += away;
    }
    memset(found, 0x55, sizeof found);
    if (over) {
        memcpy(found + in, x1, (size_t)count);
    }
    memcpy(expected, found, sizeof found);
    upyml_binary_s8(p, over ? found + in : x1, x2, found + out);
    plain_upyml_binary_s8(p, over ? expected + in : x1, x2, expected + out);
    return !differs(p, count, over ? "in place" : "beside");
}

// All 65,536 pairs of values, a row of 256 at a time.
static int all_pairs(upyml_binary *p) {
    for (int axis = 0; axis < UPYML_MAX_RANK; axis++) {
        p->shape[axis] = axis == UPYML_MAX_RANK - 1 ? 256 : 1;
        p->stride1[axis] = p->stride2[axis] = axis == UPYML_MAX_RANK - 1;
    }
    for (int32_t row = -128; row < 128; row++) {
        for (int32_t i = 0; i < 256; i++) {
            x1[i] = (int8_t)(i - 128);
            x2[i] = (int8_t)row;
        }
        if (!one_case(p, 256, 0)) {
            return 0;
        }
    }
    return 1;
}

int32_t cases(void) {
    upyml_binary p;
    for (int32_t passed = 0; passed < CASES; passed++) {
        some_parameters(&p);
        if (passed % 25 == 0) {
            if (!all_pairs(&p)) {
                return passed;
            }
            continue;
        }
        int first_is_whole;
        int32_t count = some_shape(&p, &first_is_whole);
        fill(x1, count);
        fill(x2, count);
        if (!one_case(&p, count, first_is_whole && p.order != UPYML_ORDER_DISJOINT)) {
            return passed;
        }
    }
    return CASES;
}
