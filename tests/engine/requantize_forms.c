// gemmlowp's fixed point as its authors write it, against the engine's forms of it: prints "same", or where they differ.
#include <stdio.h>

#include "requantize.h"

enum { ROUNDS = 4000000 };

static int32_t gemmlowp_doubling_high_mul(int32_t a, int32_t b) {
    if (a == INT32_MIN && b == INT32_MIN) {
        return INT32_MAX;
    }
    int64_t product = (int64_t)a * b;
    int64_t nudge = product >= 0 ? (1 << 30) : 1 - (1 << 30);
    return (int32_t)((product + nudge) / ((int64_t)1 << 31));
}

static int32_t gemmlowp_divide_by_power(int32_t x, int exponent) {
    int64_t mask = ((int64_t)1 << exponent) - 1, remainder = x & mask, threshold = (mask >> 1) + (x < 0);
    return (int32_t)(((int64_t)x >> exponent) + (remainder > threshold));
}

static uint32_t random_bits(void) {
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 16);
}

// Of every length, near powers of two, and the ends of int32.
static int32_t some_number(void) {
    uint32_t kind = random_bits();
    switch (kind % 4) {
        case 0:
            return kind & 8 ? INT32_MIN + (int32_t)(kind / 16 % 3) : INT32_MAX - (int32_t)(kind / 16 % 3);
        case 1:
            return (int32_t)((1u << kind / 8 % 32) + kind / 256 % 3 - 1);
        default:
            return (int32_t)random_bits() >> kind / 8 % 32;
    }
}

int main(void) {
    for (int round = 0; round < ROUNDS; round++) {
        int32_t a = some_number(), b = some_number(), product = gemmlowp_doubling_high_mul(a, b);
        if (upyml_doubling_high_mul_of_64(a, b) != product || upyml_doubling_high_mul_of_16(a, b) != product) {
            printf("%d times %d\n", (int)a, (int)b);
            return 1;
        }
        int exponent = (int)(random_bits() % 63);
        if (upyml_divide_by_power(a, exponent) != gemmlowp_divide_by_power(a, exponent)) {
            printf("%d divided by 2 to the %d\n", (int)a, exponent);
            return 1;
        }
    }
    puts("same");
    return 0;
}
