// A window's case in one arena: the input, the output, maybe over it as near as its order allows, scratch, and bytes
// between them that nobody may write.
#ifndef UPYML_TEST_WINDOW_CASE_H
#define UPYML_TEST_WINDOW_CASE_H

#include <string.h>

#include "kernels.h"
#include "random_values.h"
#include "rig.h"

enum {
    TENSOR = 1200,  // most bytes of an input or output
    ARENA = 16000,
    GUARD = 16,
};

static int8_t input[TENSOR], expected[TENSOR];
static uint8_t arena[ARENA] __attribute__((aligned(4)));

// Where everything lies in the arena.
typedef struct {
    int32_t input, output, scratch;
} places;

static int32_t larger(int32_t a, int32_t b) {
    return a > b ? a : b;
}

static int32_t smaller(int32_t a, int32_t b) {
    return a < b ? a : b;
}

// The bias, multiplier, shift and bits of a channel whose weights' sizes have this sum; 2^most is the largest output.
static inline void random_channel(uint8_t *channels, int32_t four, int32_t channel, int32_t sum, int32_t most) {
    int32_t bias = between(-20000, 20000), bits = 1, reached = sum * 128 + (bias < 0 ? -bias : bias);
    while (reached >> bits) {
        bits++;
    }
    store(channels + 4 * channel, bias);
    store(channels + 4 * four + 4 * channel, between(1 << 30, INT32_MAX));
    channels[8 * four + channel] = (uint8_t)(one_in(4) ? between(-31, 3) : between(5, most) - bits);  // shift
    channels[9 * four + channel] = (uint8_t)(one_in(6) ? 32 : bits);
}

static int32_t outputs(int32_t size, int32_t before, int32_t stride, int32_t reach) {
    int32_t most = (size + before - 1) / stride + 1, valid = (size + before - reach) / stride + 1;
    return one_in(3) ? between(1, most) : one_in(2) || valid < 1 ? most : smaller(valid, most);
}

static void random_input(const upyml_window *p) {
    int extreme = one_in(4);
    for (int32_t i = 0; i < p->in_h * p->in_w * p->in_c; i++) {
        input[i] = (int8_t)(extreme ? (one_in(2) ? -128 : 127) : between(-128, 127));
    }
}

static int32_t reach(const upyml_window *p) {
    return (p->kernel_h - 1) * p->dilation_h + 1;
}

// The least distance from output to input that lets the rows be made from the first to the last.
static int32_t forward_distance(const upyml_window *p) {
    int32_t distance = -p->in_h * p->in_w * p->in_c, in_row = p->in_w * p->in_c, out_row = p->out_w * p->out_c;
    for (int32_t row = 1; row < p->out_h; row++) {
        int32_t read = larger(0, (row - 1) * p->stride_h + reach(p) - p->pad_top);
        if (read < p->in_h) {
            distance = larger(distance, row * out_row - read * in_row);
        }
    }
    return distance;
}

// The least distance from input to output for the rows from the last to the first.
static int32_t reverse_distance(const upyml_window *p) {
    int32_t distance = -p->out_h * p->out_w * p->out_c, in_row = p->in_w * p->in_c, out_row = p->out_w * p->out_c;
    for (int32_t row = 0; row < p->out_h; row++) {
        int32_t unread = larger(0, row * p->stride_h - p->pad_top);
        if (unread > 0) {
            distance = larger(distance, unread * in_row - row * out_row);
        }
    }
    return distance;
}

// A few rows of tensors that have room for some of their rows.
static void random_rows(upyml_window *p) {
    p->first_row = between(0, p->out_h - 1);
    p->end_row = smaller(p->first_row + between(1, 5), p->out_h);
    int32_t rows = p->end_row - p->first_row;
    p->in_ring = smaller(p->in_h, (rows - 1) * p->stride_h + reach(p) + between(0, 2));
    p->out_ring = smaller(p->out_h, rows + between(0, 2));
}

static places random_places(upyml_window *p) {
    int32_t in_bytes = p->in_ring * p->in_w * p->in_c, out_bytes = p->out_ring * p->out_w * p->out_c, distance = 0;
    int32_t multiple = p->order == UPYML_ORDER_PLANE ? p->in_c : 1;
    if (p->order == UPYML_ORDER_DISJOINT) {
        distance = one_in(2) ? out_bytes : -in_bytes;
    } else if (p->order == UPYML_ORDER_REVERSE) {
        distance = -reverse_distance(p);
    } else {
        distance = (forward_distance(p) + multiple * 10000) / multiple * multiple - multiple * 10000;
        distance += distance < forward_distance(p) ? multiple : 0;
    }
    places at;
    at.output = GUARD + between(0, 3) + larger(0, -distance);
    at.input = at.output + distance;
    int32_t end = larger(at.output + out_bytes, at.input + in_bytes);
    at.scratch = ((end + 3) & ~3) + GUARD;
    return at;
}

static uint8_t untouched(int32_t i) {
    return (uint8_t)(i * 7 + 3);
}

// Input rows that are read.
static int32_t first_input_row(const upyml_window *p) {
    return larger(0, p->first_row * p->stride_h - p->pad_top);
}

static int32_t end_input_row(const upyml_window *p) {
    return smaller(p->in_h, (p->end_row - 1) * p->stride_h - p->pad_top + reach(p));
}

static void fill_arena(const upyml_window *p, const places *at) {
    for (int32_t i = 0; i < ARENA; i++) {
        arena[i] = untouched(i);
    }
    int32_t row_bytes = p->in_w * p->in_c;
    for (int32_t y = first_input_row(p); y < end_input_row(p); y++) {
        memcpy(arena + at->input + y % p->in_ring * row_bytes, input + y * row_bytes, (size_t)row_bytes);
    }
}

static int input_stays(const upyml_window *p, const places *at) {
    int32_t row_bytes = p->in_w * p->in_c;
    for (int32_t y = first_input_row(p); y < end_input_row(p); y++) {
        if (memcmp(arena + at->input + y % p->in_ring * row_bytes, input + y * row_bytes, (size_t)row_bytes)) {
            return 0;
        }
    }
    return 1;
}

static int right(const upyml_window *p, const places *at) {
    int32_t row_bytes = p->out_w * p->out_c, in_bytes = p->in_ring * p->in_w * p->in_c;
    for (int32_t y = p->first_row; y < p->end_row; y++) {
        if (memcmp(arena + at->output + y % p->out_ring * row_bytes, expected + y * row_bytes, (size_t)row_bytes)) {
            return 0;
        }
    }
    for (int32_t i = 0; i < ARENA; i++) {
        int in_output = i >= at->output && i < at->output + p->out_ring * row_bytes;
        int in_input = i >= at->input && i < at->input + in_bytes;
        int in_scratch = i >= at->scratch && i < at->scratch + p->scratch_size;
        if (!in_output && !in_input && !in_scratch && arena[i] != untouched(i)) {
            return 0;
        }
    }
    return p->order != UPYML_ORDER_DISJOINT || input_stays(p, at);
}

static void describe(const upyml_window *p, const places *at) {
    const int32_t values[] = {
        p->in_h, p->in_w, p->in_c, p->out_h, p->out_w, p->out_c, p->kernel_h, p->kernel_w, p->stride_h, p->stride_w,
        p->dilation_h, p->dilation_w, p->pad_top, p->pad_left, p->order, p->first_row, p->end_row, p->in_ring,
        p->out_ring, p->scratch_size, at->input, at->output, at->scratch,
    };
    rig_print("in, out, kernel, stride, dilation, pad, order, rows, rings, scratch, places: ");
    for (uint32_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        rig_number(values[i]);
        rig_print(" ");
    }
    rig_print("\n");
}

#endif
