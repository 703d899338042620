// Requantization of 16 values at once, with 16 factors or four or one: what upyml_requantize and the clamp make of each,
// above all near the middle between two outputs.
#include "requantize_lanes.h"
#include "rig.h"

enum { CASES = 20000, FIRST = 8 };

typedef struct {
    int32_t multiplier, shift;
} factor;

static int32_t between(int32_t low, int32_t high) {
    return low + (int32_t)(rig_random() % (uint32_t)(high - low + 1));
}

static int one_in(int32_t n) {
    return between(1, n) == 1;
}

// As a converter makes them, and in one case of eight anything that a file may hold.
static factor random_factor(int unusual) {
    factor f = {between(1 << 30, INT32_MAX), between(-24, -1)};
    if (unusual) {
        f.multiplier = one_in(2) ? (int32_t)rig_random() : one_in(2) ? INT32_MAX : between(0, 1);
        f.shift = between(-31, 30);
    }
    return f;
}

// Whose product with the factor lies at or beside (k + 1/2) 2^n, or which is an end of its range, or any.
static int32_t random_value(const factor *f) {
    if (one_in(8)) {
        return one_in(2) ? INT32_MIN + between(0, 2) : INT32_MAX - between(0, 2);
    }
    if (one_in(4) || f->multiplier <= 0 || f->shift >= 0) {
        return (int32_t)rig_random();
    }
    int64_t middle = ((int64_t)between(-300, 300) * 2 + 1) * (1 << (-f->shift - 1));
    if (middle != (int32_t)middle) {
        return (int32_t)rig_random();
    }
    int64_t value = middle * INT64_C(0x80000000) / f->multiplier + between(-2, 2);
    return value == (int32_t)value ? (int32_t)value : (int32_t)rig_random();
}

static int32_t wanted(int32_t value, const factor *f, const upyml_range *range) {
    int32_t y = upyml_requantize(value, f->multiplier, f->shift);
    return upyml_clamp(upyml_add_wrapped(y, range->zero_point), range->low, range->high);
}

static int differs(int32_t value, const factor *f, int32_t found, int32_t expected) {
    if (found == expected) {
        return 0;
    }
    const int32_t numbers[] = {value, f->multiplier, f->shift, found, expected};
    rig_print("value, multiplier, shift, found, expected: ");
    for (int i = 0; i < 5; i++) {
        rig_number(numbers[i]);
        rig_print(" ");
    }
    rig_print("\n");
    return 1;
}

// kind: 0: each value has a factor of its own, 1: each of four in turn, 2: all have one.
static int one_case(int kind) {
    static upyml_factors factors;
    factor own[16];
    uint32_t values[16];
    int unusual = one_in(4);
    upyml_range range = {between(-128, 127), one_in(2) ? -128 : between(-128, 0), 127};
    range.high = one_in(2) ? 127 : between(range.low, 127);
    for (int i = 0; i < 16; i++) {
        own[i] = kind == 2 && i ? own[0] : kind == 1 && i >= 4 ? own[i - 4] : random_factor(unusual && one_in(4));
        values[i] = (uint32_t)random_value(&own[i]);
        upyml_set_factor(&factors, FIRST + i, 0, own[i].multiplier, own[i].shift);
    }
    int8_t found[16];
    int32_t exact[16];
    if (kind == 0) {
        upyml_finish_16(values, &factors, FIRST, &range, found);
    } else if (kind == 1) {
        upyml_finish_4_by_4(values, &factors, FIRST, &range, found);
    } else {
        upyml_requantize_16(values, own[0].multiplier, own[0].shift, exact);
    }
    for (int i = 0; i < 16; i++) {
        int32_t value = (int32_t)values[i];
        if (kind == 2 ? differs(value, &own[i], exact[i], upyml_requantize(value, own[i].multiplier, own[i].shift))
                      : differs(value, &own[i], found[i], wanted(value, &own[i], &range))) {
            return 0;
        }
    }
    return 1;
}

int32_t cases(void) {
    int32_t passed = 0;
    while (passed < CASES && one_case(passed % 3)) {
        passed++;
    }
    return passed;
}
