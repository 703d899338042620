// Products of activations in every layout, with little and much scratch, also of values that fill the sums' bits; and layer
// normalization, apart and in place.
#include <string.h>

#include "math/attention.h"
#include "rig.h"

enum { CASES = 2400, GUARD = 8, MOST = 1600, SCRATCH = 8192 };

void plain_upyml_batch_matmul_s8(const upyml_batch_matmul *p, const int8_t *left, const int8_t *right, int8_t *output,
    uint8_t *scratch);
void plain_upyml_layer_norm_s8(const upyml_layer_norm *p, const int8_t *input, int8_t *output);

static int8_t x1[MOST], x2[MOST], found[MOST + 2 * GUARD], expected[MOST + 2 * GUARD];
static uint32_t scratch[(SCRATCH + 2 * GUARD) / 4];
static uint8_t constants[6 * MOST + 8];

static int32_t between(int32_t low, int32_t high) {
    return low + (int32_t)(rig_random() % (uint32_t)(high - low + 1));
}

static void fill(int8_t *values, int32_t count) {
    int kind = between(0, 5);
    for (int32_t i = 0; i < count; i++) {
        int32_t x = (int32_t)(rig_random() & 255) - 128;
        values[i] = (int8_t)(kind == 0 ? -128 : kind == 1 ? 127 : kind == 2 ? (x & 1 ? -128 : 127) : x);
    }
}

static int differs(const char *what, const int32_t *numbers, int count) {
    if (memcmp(found, expected, sizeof found) == 0) {
        return 0;
    }
    rig_print(what);
    for (int i = 0; i < count; i++) {
        rig_print(" ");
        rig_number(numbers[i]);
    }
    rig_print("\n");
    return 1;
}

// Strides of axes of these counts in a random order; answers the elements.
static int32_t laid_out(const int32_t *count, int32_t *stride) {
    int32_t order[4] = {0, 1, 2, 3}, step = 1;
    for (int i = 3; i > 0; i--) {
        int other = between(0, i);
        int32_t kept = order[i];
        order[i] = order[other];
        order[other] = kept;
    }
    for (int i = 0; i < 4; i++) {
        stride[order[i]] = count[order[i]] == 1 ? 0 : step;
        step *= count[order[i]];
    }
    return step;
}

static int product_case(void) {
    upyml_batch_matmul p;
    int32_t left[4], right[4];
    p.depth = between(1, between(0, 3) ? 20 : 70);
    p.count[0] = between(1, 2);
    p.count[1] = between(1, 2);
    p.count[2] = between(1, 8);
    p.count[3] = between(1, between(0, 9) ? 9 : 45);
    for (int i = 0; i < 2; i++) {
        left[i] = between(0, 3) ? p.count[i] : 1;
        right[i] = between(0, 3) ? p.count[i] : 1;
    }
    left[2] = p.count[2];
    left[3] = right[2] = p.depth;
    right[3] = p.count[3];
    int32_t size1 = laid_out(left, p.left), size2 = laid_out(right, p.right), size = laid_out(p.count, p.output);
    if (size1 > MOST || size2 > MOST || size > MOST) {
        return 1;
    }
    p.left_zero_point = between(0, 3) ? between(-128, 127) : between(0, 1) ? -128 : 127;
    p.right_zero_point = between(0, 3) ? between(-128, 127) : between(0, 1) ? -128 : 127;
    p.out_zero_point = between(-128, 127);
    p.clamp_min = between(0, 3) ? -128 : between(-128, 127);
    p.clamp_max = between(0, 3) ? 127 : between(p.clamp_min, 127);
    p.multiplier = (int32_t)(rig_random() >> 2 | 1u << 30) - (rig_random() % 16 == 0);
    p.shift = between(0, 7) ? between(-14, -5) : between(-20, 2);
    uint32_t least = upyml_batch_matmul_s8_scratch_size(&p);
    p.scratch_size = (int32_t)least + (between(0, 1) ? between(0, SCRATCH - (int32_t)least) : between(0, 200));
    fill(x1, size1);
    fill(x2, size2);
    memset(found, 0x55, sizeof found);
    memset(expected, 0x55, sizeof expected);
    memset(scratch, 0x55, sizeof scratch);
    upyml_batch_matmul_s8(&p, x1, x2, found + GUARD, (uint8_t *)scratch);
    plain_upyml_batch_matmul_s8(&p, x1, x2, expected + GUARD, NULL);
    const uint8_t *behind = (const uint8_t *)scratch + p.scratch_size;
    for (int i = 0; i < GUARD; i++) {
        if (behind[i] != 0x55) {
            rig_print("writes behind its scratch\n");
            return 0;
        }
    }
    const int32_t numbers[] = {
        p.depth, p.count[0], p.count[1], p.count[2], p.count[3], p.left_zero_point, p.right_zero_point,
        p.out_zero_point, p.multiplier, p.shift, p.clamp_min, p.clamp_max, p.scratch_size,
    };
    return !differs("depth, counts, zero points, multiplier, shift, clamp, scratch:", numbers, 13);
}

static int norm_case(void) {
    upyml_layer_norm p;
    p.count = between(1, between(0, 4) ? 40 : 400);
    p.rows = between(1, p.count > 200 ? 2 : 4);
    p.centered = between(0, 3) != 0;
    p.epsilon = (uint64_t)rig_random() << between(0, 28) >> between(0, 31);
    p.epsilon += p.epsilon == 0;
    p.in_zero_point = between(-128, 127);
    p.out_zero_point = between(-128, 127);
    p.clamp_min = between(0, 3) ? -128 : between(-128, 127);
    p.clamp_max = between(0, 3) ? 127 : between(p.clamp_min, 127);
    p.multiplier = (int32_t)(rig_random() >> 2 | 1u << 30);
    p.shift = between(-26, -14);
    int32_t offset = between(0, 3);  // a file may lie at any byte
    p.gamma = constants + offset;
    p.beta = constants + 2 * MOST + offset;
    for (unsigned i = 0; i < sizeof constants; i++) {
        constants[i] = (uint8_t)rig_random();
    }
    int32_t size = p.rows * p.count;
    fill(x1, size);
    int in_place = between(0, 1);
    memset(found, 0x55, sizeof found);
    memcpy(found + GUARD, x1, in_place ? (size_t)size : 0);
    memcpy(expected, found, sizeof found);
    upyml_layer_norm_s8(&p, in_place ? found + GUARD : x1, found + GUARD);
    plain_upyml_layer_norm_s8(&p, x1, expected + GUARD);
    const int32_t numbers[] = {p.count, p.rows, p.centered, (int32_t)(p.epsilon >> 32), (int32_t)p.epsilon,
        p.in_zero_point, p.out_zero_point, p.multiplier, p.shift, in_place};
    return !differs("count, rows, centered, epsilon, zero points, multiplier, shift, in place:", numbers, 10);
}

int32_t cases(void) {
    for (int32_t passed = 0; passed < CASES; passed++) {
        if (!(passed % 2 ? norm_case() : product_case())) {
            return passed;
        }
    }
    return CASES;
}
