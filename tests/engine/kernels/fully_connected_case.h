// Fully connected layers of any size, order, place and scratch, with weights in the coding CODING: the same bytes as the
// plain kernel with the same weights as INT8, none written elsewhere; and so does the plain kernel with the coding.
#ifndef UPYML_TEST_FULLY_CONNECTED_CASE_H
#define UPYML_TEST_FULLY_CONNECTED_CASE_H

#include <string.h>

#include "coded_weights.h"
#include "kernels.h"
#include "rig.h"

void plain_upyml_fully_connected_s8(const upyml_fully_connected *p, const int8_t *input, int8_t *output,
    uint8_t *scratch);

enum {
    CASES = 3000,
    MAX_INPUTS = 300,
    MAX_OUTPUTS = 72,
    MAX_ROWS = 20,
    GUARD = 16,
    TENSOR = MAX_INPUTS * 4,
    ARENA = 16000,
};

static int8_t input[TENSOR], expected[TENSOR];
static uint8_t arena[ARENA] __attribute__((aligned(4)));
static int8_t values[MAX_INPUTS * MAX_OUTPUTS];
static uint8_t dense[(MAX_INPUTS + 4) * MAX_OUTPUTS];  // as INT8
static uint8_t weights[(MAX_INPUTS * 5 / 4 + 16) * MAX_OUTPUTS + 4], channels[MAX_OUTPUTS * 10 + 4];

static void random_shape(upyml_fully_connected *p) {
    memset(p, 0, sizeof *p);
    do {
        p->rows = one_in(3) ? between(2, MAX_ROWS) : 1;
        p->in_c = one_in(3) ? between(1, 8) : between(1, MAX_INPUTS);
        p->out_c = one_in(2) ? between(1, 20) : between(1, MAX_OUTPUTS);
    } while (p->rows * p->in_c > TENSOR || p->rows * p->out_c > TENSOR);
    p->per_channel = one_in(2);
    p->out_zero_point = between(-128, 127);
    p->clamp_min = one_in(2) ? -128 : between(-128, 0);
    p->clamp_max = one_in(2) ? 127 : between(p->clamp_min, 127);
}

static void random_weights(upyml_fully_connected *p) {
    int32_t four = (p->out_c + 3) & ~3, odd = one_in(4), wraps = one_in(12), most_bits = 1, biases[MAX_OUTPUTS];
    uint8_t *own = weights + (odd ? between(0, 3) : 0), *c = channels + (odd ? between(0, 3) : 0);
    integers w = {values, p->out_c, 1, p->in_c};
    random_integers(&w, CODING);
    pack_weights(&w, UPYML_CODING_INT8, dense);
    p->coding = CODING;
    p->pairs = pack_weights(&w, CODING, own);
    p->weights = own;
    p->channels = c;
    memset(channels, 1, sizeof channels);
    for (int32_t channel = 0; channel < p->out_c; channel++) {
        biases[channel] = wraps ? (int32_t)rig_random() : between(-20000, 20000);
        store(c + 4 * channel, biases[channel]);
        int64_t bias = biases[channel];
        int64_t most = sum_of_sizes(&w, channel) * 128 + (bias < 0 ? -bias : bias);
        while (most >> most_bits && most_bits < 32) {
            most_bits++;
        }
    }
    int32_t count = p->per_channel ? four : 1, padded = (count + 3) & ~3;
    for (int32_t i = 0; i < count; i++) {
        store(c + 4 * four + 4 * i, one_in(12) ? one_in(3) ? 0 : (int32_t)rig_random() : between(1 << 30, INT32_MAX));
        c[4 * four + 4 * count + i] = (uint8_t)(one_in(4) ? between(-31, 3) : between(5, 12) - most_bits);  // shift
        c[4 * four + 4 * count + padded + i] = (uint8_t)(one_in(6) ? 32 : most_bits);
    }
}

// Answers whether the plain kernel makes the same of the weights as INT8 and in the coding.
static int expect(const upyml_fully_connected *p) {
    static int8_t coded[TENSOR];
    upyml_fully_connected as_int8 = *p;
    as_int8.coding = UPYML_CODING_INT8;
    as_int8.weights = dense;
    plain_upyml_fully_connected_s8(&as_int8, input, expected, NULL);
    plain_upyml_fully_connected_s8(p, input, coded, NULL);
    return memcmp(coded, expected, (size_t)(p->rows * p->out_c)) == 0;
}

// From the least to more than there is a use for: inputs in pieces of any size.
static int32_t random_scratch(const upyml_fully_connected *p) {
    int32_t size = upyml_fully_connected_s8_scratch_size(p);
    return one_in(3) ? size : size + between(0, 2 * p->in_c + 100);
}

static uint8_t untouched(int32_t i) {
    return (uint8_t)(i * 7 + 3);
}

static int right(const upyml_fully_connected *p, int32_t in, int32_t out, int32_t scratch) {
    int32_t in_bytes = p->rows * p->in_c, out_bytes = p->rows * p->out_c;
    for (int32_t i = 0; i < ARENA; i++) {
        int in_input = i >= in && i < in + in_bytes, in_output = i >= out && i < out + out_bytes;
        int in_scratch = i >= scratch && i < scratch + p->scratch_size;
        int overlaps = p->order != UPYML_ORDER_DISJOINT;
        uint8_t wanted = in_output ? (uint8_t)expected[i - out] : in_input ? (uint8_t)input[i - in] : untouched(i);
        if (!in_scratch && !(in_input && !in_output && overlaps) && arena[i] != wanted) {
            return 0;
        }
    }
    return 1;
}

static void describe(const upyml_fully_connected *p, int32_t in, int32_t out) {
    const int32_t values[] = {p->rows, p->in_c, p->out_c, p->per_channel, p->order, p->scratch_size, in, out};
    rig_print("rows, in_c, out_c, per_channel, order, scratch, input, output: ");
    for (uint32_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        rig_number(values[i]);
        rig_print(" ");
    }
    rig_print("\n");
}

int32_t cases(void) {
    static const int orders[] = {UPYML_ORDER_DISJOINT, UPYML_ORDER_FORWARD, UPYML_ORDER_REVERSE};
    for (int32_t passed = 0; passed < CASES; passed++) {
        upyml_fully_connected p;
        random_shape(&p);
        random_weights(&p);
        for (int32_t i = 0; i < p.rows * p.in_c; i++) {
            input[i] = (int8_t)(one_in(4) ? (one_in(2) ? -128 : 127) : between(-128, 127));
        }
        if (!expect(&p)) {
            rig_print("plain kernel, ");
            describe(&p, 0, 0);
            return passed;
        }
        p.order = orders[between(0, 2)];
        int32_t most = (p.in_c > p.out_c ? p.in_c : p.out_c) * p.rows;
        // Apart, or the output anywhere over the input: the whole layer is one unit.
        int32_t in = GUARD + between(0, most), out = GUARD + between(0, most);
        if (p.order == UPYML_ORDER_DISJOINT) {
            in = GUARD + between(0, 3);
            out = in + p.rows * p.in_c + between(0, 3);
        }
        int32_t scratch = (GUARD + 2 * most + 6 + GUARD + 3) & ~3;
        p.scratch_size = random_scratch(&p);
        if (scratch + p.scratch_size + GUARD > ARENA) {
            describe(&p, in, out);
            return passed;
        }
        for (int32_t i = 0; i < ARENA; i++) {
            arena[i] = untouched(i);
        }
        memcpy(arena + in, input, (size_t)(p.rows * p.in_c));
        upyml_fully_connected_s8(&p, (const int8_t *)arena + in, (int8_t *)arena + out, arena + scratch);
        if (!right(&p, in, out, scratch)) {
            describe(&p, in, out);
            return passed;
        }
    }
    return CASES;
}

#endif
