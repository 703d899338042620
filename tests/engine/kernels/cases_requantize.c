// Requantization in the engine's one header, on this processor and compiler: the two roundings of the TFLite quantization
// specification, here in halves of 32 bits on sizes without a sign.
#include "requantize.h"
#include "rig.h"

enum { CASES = 20000 };

static uint32_t size_of(int32_t x) {
    return x < 0 ? 0 - (uint32_t)x : (uint32_t)x;
}

// (a * b + nudge) / 2^31, by schoolbook multiplication of 16-bit halves.
static uint32_t high_product(uint32_t a, uint32_t b, uint32_t nudge) {
    uint32_t low = (a & 0xffff) * (b & 0xffff), high = (a >> 16) * (b >> 16);
    uint32_t middles[2] = {(a >> 16) * (b & 0xffff), (a & 0xffff) * (b >> 16)};
    for (int i = 0; i < 2; i++) {
        uint32_t sum = low + (middles[i] << 16);
        high += (middles[i] >> 16) + (sum < low);
        low = sum;
    }
    uint32_t rounded = low + nudge;
    high += rounded < low;
    return high << 1 | rounded >> 31;
}

static int32_t expected(int32_t x, int32_t multiplier, int shift) {
    if (shift > 0) {
        x = (int32_t)((uint32_t)x << shift);
    }
    int negative = (x < 0) != (multiplier < 0);
    // The first rounding takes halves up, the second one away from zero.
    uint32_t size = high_product(size_of(x), size_of(multiplier), 0x40000000u - (uint32_t)negative);
    if (size > 0x7fffffffu && !negative) {
        size = 0x7fffffffu;  // INT32_MIN squared
    }
    for (int i = shift; i < -1; i++) {  // all bits but the last; those below it never reach a half
        size >>= 1;
    }
    size = shift < 0 ? (size >> 1) + (size & 1) : size;
    return (int32_t)(negative ? 0 - size : size);
}

// Of every length, near powers of two, and the ends of int32.
static int32_t some_number(void) {
    uint32_t x = rig_random(), kind = rig_random();
    switch (kind % 8) {
    case 0:
        return kind & 8 ? INT32_MIN : INT32_MAX;
    case 1:
        return (int32_t)((1u << x % 32) + (kind >> 8) % 3 - 1);
    default:
        return (int32_t)x >> kind / 8 % 32;
    }
}

int32_t cases(void) {
    for (int32_t passed = 0; passed < CASES; passed++) {
        int32_t x = some_number();
        int32_t multiplier = rig_random() % 4 ? (int32_t)(rig_random() >> 2 | 1u << 30) : some_number();
        int shift = (int)(rig_random() % 62) - 31;
        int32_t found = upyml_requantize(x, multiplier, shift);
        if (found != expected(x, multiplier, shift)) {
            const int32_t numbers[] = {x, multiplier, shift, found, expected(x, multiplier, shift)};
            rig_print("x, multiplier, shift, found, expected: ");
            for (int i = 0; i < 5; i++) {
                rig_number(numbers[i]);
                rig_print(" ");
            }
            rig_print("\n");
            return passed;
        }
    }
    return CASES;
}
