// Requantization of whole channels: what upyml_requantize and the clamp make of every accumulator, above all of those
// that lie near the middle between two outputs, and nothing written beside it.
#include "requantization.h"

#include "requantize.h"
#include "rig.h"

enum { CASES = 6000, MOST = 40, STEPS = 4, GUARD = 8 };

static int32_t accumulators[MOST * STEPS * 2];
static int8_t output[GUARD + MOST * STEPS + GUARD];

static int32_t between(int32_t low, int32_t high) {
    return low + (int32_t)(rig_random() % (uint32_t)(high - low + 1));
}

static int one_in(int32_t n) {
    return between(1, n) == 1;
}

typedef struct {
    int32_t multiplier, shift, bits, zero_point, low, high, count, channels, accumulator_step, output_step;
} channel;

static int32_t expected(const channel *c, int32_t accumulator) {
    int32_t y = upyml_requantize(accumulator, c->multiplier, c->shift);
    return upyml_clamp(upyml_add_wrapped(y, c->zero_point), c->low, c->high);
}

// As a converter makes them, and anything that a file may hold.
static void random_channel(channel *c) {
    c->multiplier = one_in(8) ? (int32_t)rig_random() : between(1 << 30, INT32_MAX);
    c->multiplier = one_in(8) ? c->multiplier & ~0xffff : one_in(20) ? INT32_MAX : c->multiplier;
    c->bits = one_in(3) ? between(1, 32) : between(12, 24);
    c->shift = one_in(3) ? between(-31, 3) : between(4, 14) - c->bits;
    c->zero_point = one_in(3) ? -128 : between(-128, 127);
    c->low = one_in(2) ? -128 : one_in(2) ? c->zero_point : between(-128, 127);
    c->high = one_in(2) ? 127 : between(c->low, 127);
    c->count = between(1, 13);
    c->channels = between(1, 3);
    c->accumulator_step = 4 * between(c->channels, STEPS);
    c->output_step = between(c->channels, STEPS);
}

// An accumulator from which to the next one the output reaches some value, by bisection, if it ever does.
static int32_t near_change(const channel *c, int32_t most) {
    int32_t low = one_in(2) ? 0 : -most, high = low + most, target = between(c->low, c->high);
    while (high - low > 1) {
        int32_t middle = low + (high - low) / 2;
        if (expected(c, middle) < target) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

static int32_t random_accumulator(const channel *c) {
    int32_t most = c->bits >= 31 ? INT32_MAX : (1 << c->bits) - 1;
    int32_t x = one_in(4) ? between(0, most / 2) * (one_in(2) ? 2 : -2) : near_change(c, most) + between(-2, 3);
    if (one_in(20)) {
        x = one_in(2) ? most : -most;
    }
    return x > most ? most : x < -most ? -most : x;
}

static void describe(const channel *c, int32_t accumulator, int32_t found) {
    const int32_t numbers[] = {c->multiplier, c->shift, c->bits, c->zero_point, c->low, c->high, accumulator, found,
        expected(c, accumulator)};
    rig_print("multiplier, shift, bits, zero point, low, high, accumulator, found, expected: ");
    for (uint32_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        rig_number(numbers[i]);
        rig_print(" ");
    }
    rig_print("\n");
}

static int right(const channel *c) {
    for (int32_t i = 0; i < (int32_t)sizeof output; i++) {
        int32_t at = i - GUARD, value = at / c->output_step, lane = at % c->output_step;
        int32_t wanted = 99, accumulator = 0;
        if (at >= 0 && value < c->count && lane < c->channels) {
            accumulator = accumulators[value * (c->accumulator_step / 4) + lane];
            wanted = expected(c, accumulator);
        }
        if (output[i] != wanted) {
            describe(c, accumulator, output[i]);
            return 0;
        }
    }
    return 1;
}

int32_t cases(void) {
    for (int32_t passed = 0; passed < CASES; passed++) {
        channel c;
        random_channel(&c);
        for (int32_t i = 0; i < c.count * (c.accumulator_step / 4); i++) {
            accumulators[i] = random_accumulator(&c);
        }
        for (uint32_t i = 0; i < sizeof output; i++) {
            output[i] = 99;
        }
        for (int32_t i = 0; i < c.channels; i++) {
            upyml_prepared q;
            upyml_prepare(&q, c.multiplier, c.shift, c.bits, c.zero_point, c.low, c.high);
            upyml_requantize_prepared(accumulators + i, output + GUARD + i, &q, c.count, c.accumulator_step,
                c.output_step);
        }
        if (!right(&c)) {
            return passed;
        }
    }
    return CASES;
}
