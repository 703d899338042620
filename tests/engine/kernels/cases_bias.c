// Layers whose weights are all 0: the accumulators are the biases, and every output is what upyml_requantize and the clamp make
// of its channel's, above all of those that lie near the middle between two outputs.
#include <string.h>

#include "kernels.h"
#include "requantize.h"
#include "rig.h"

enum { CASES = 3000, MOST = 8, SCRATCH = 2000 };

static int8_t input[9 * MOST] __attribute__((aligned(4))), output[MOST];
static uint8_t weights[16 * 3 * MOST] __attribute__((aligned(4))), channels[10 * MOST] __attribute__((aligned(4)));
static uint8_t scratch[SCRATCH] __attribute__((aligned(4)));

static int32_t between(int32_t low, int32_t high) {
    return low + (int32_t)(rig_random() % (uint32_t)(high - low + 1));
}

static int one_in(int32_t n) {
    return between(1, n) == 1;
}

static void store(uint8_t *bytes, int32_t value) {
    for (int i = 0; i < 4; i++) {
        bytes[i] = (uint8_t)((uint32_t)value >> 8 * i);
    }
}

typedef struct {
    int32_t multiplier, shift, bits, bias;
} channel;

typedef struct {
    int32_t zero_point, low, high;
} range;

static int32_t expected(const channel *c, const range *r, int32_t accumulator) {
    int32_t y = upyml_requantize(accumulator, c->multiplier, c->shift);
    return upyml_clamp(upyml_add_wrapped(y, r->zero_point), r->low, r->high);
}

// As a converter makes them, and anything that a file may hold.
static void random_channel(channel *c, const range *r) {
    c->multiplier = one_in(8) ? (int32_t)rig_random() : between(1 << 30, INT32_MAX);
    c->multiplier = one_in(8) ? c->multiplier & ~0xffff : one_in(20) ? INT32_MAX : c->multiplier;
    c->bits = one_in(3) ? between(1, 32) : between(10, 29);
    c->shift = one_in(4) ? between(-31, 3) : between(4, 12) - c->bits;
    c->shift = c->shift < -31 ? -31 : c->shift;
    int32_t most = c->bits >= 31 ? INT32_MAX : (1 << c->bits) - 1, low = one_in(2) ? 0 : -most, high = low + most;
    for (int32_t target = between(r->low, r->high); high - low > 1;) {
        int32_t middle = low + (high - low) / 2;
        if (expected(c, r, middle) < target) {
            low = middle;
        } else {
            high = middle;
        }
    }
    c->bias = one_in(4) ? between(0, most / 2) * (one_in(2) ? 2 : -2) : one_in(20) ? most : upyml_add_wrapped(low, between(-2, 2));
    c->bias = c->bias > most || c->bias < -most ? low : c->bias;
}

static void write_channel(const channel *c, int32_t number) {
    store(channels + 4 * number, c->bias);
    store(channels + 4 * (MOST + number), c->multiplier);
    channels[8 * MOST + number] = (uint8_t)c->shift;
    channels[9 * MOST + number] = (uint8_t)c->bits;
}

static void run(int kind, const range *r) {
    upyml_fully_connected rows = {
        .rows = 1, .in_c = between(1, 9), .out_c = MOST, .out_zero_point = r->zero_point, .clamp_min = r->low,
        .clamp_max = r->high, .per_channel = 1, .scratch_size = SCRATCH, .weights = weights, .channels = channels,
    };
    int32_t size = kind == 2 ? 3 : 1;
    upyml_window p = {
        .in_h = size, .in_w = size, .in_c = kind == 2 ? MOST : between(1, 9), .out_h = 1, .out_w = 1, .out_c = MOST,
        .kernel_h = size, .kernel_w = size, .stride_h = 1, .stride_w = 1, .dilation_h = 1, .dilation_w = 1,
        .out_zero_point = r->zero_point, .clamp_min = r->low, .clamp_max = r->high, .multiplier = 1, .end_row = 1,
        .in_ring = size, .out_ring = 1, .scratch_size = SCRATCH, .weights = weights, .channels = channels,
    };
    if (kind == 0) {
        upyml_fully_connected_s8(&rows, input, output, scratch);
    } else if (kind == 1) {
        upyml_conv2d_s8(&p, input, output, scratch);
    } else {
        upyml_depthwise_conv2d_s8(&p, input, output, scratch);
    }
}

int32_t cases(void) {
    memset(weights, 128, sizeof weights);
    for (int32_t passed = 0; passed < CASES; passed++) {
        channel made[MOST];
        range r = {one_in(3) ? -128 : between(-128, 127), -128, 127};
        r.low = one_in(2) ? -128 : one_in(2) ? r.zero_point : between(-128, 127);
        r.high = one_in(2) ? 127 : between(r.low, 127);
        for (int32_t i = 0; i < MOST; i++) {
            random_channel(&made[i], &r);
            write_channel(&made[i], i);
        }
        for (uint32_t i = 0; i < sizeof input; i++) {
            input[i] = (int8_t)rig_random();
        }
        run(passed % 3, &r);
        for (int32_t i = 0; i < MOST; i++) {
            if (output[i] != expected(&made[i], &r, made[i].bias)) {
                const int32_t numbers[] = {passed % 3, made[i].multiplier, made[i].shift, made[i].bits, made[i].bias,
                    r.zero_point, r.low, r.high, output[i], expected(&made[i], &r, made[i].bias)};
                rig_print("kind, multiplier, shift, bits, bias, zero point, low, high, found, expected: ");
                for (int n = 0; n < 10; n++) {
                    rig_number(numbers[n]);
                    rig_print(" ");
                }
                rig_print("\n");
                return passed;
            }
        }
    }
    return CASES;
}
