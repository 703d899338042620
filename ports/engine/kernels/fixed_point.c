#include "../fixed_point.h"

#include "../requantize.h"

int32_t upyml_saturating_left(int32_t x, int bits) {
    return x > INT32_MAX >> bits ? INT32_MAX : x < INT32_MIN >> bits ? INT32_MIN : x * (1 << bits);
}

// exp(a) in Q0.31 for a in [-1/4, 0), Q0.31: a polynomial around -1/8.
static int32_t exp_small(int32_t a) {
    const int32_t exp_of_minus_eighth = 1895147668, third = 715827883;
    int32_t x = a + (1 << 28);
    int32_t x2 = upyml_doubling_high_mul(x, x);
    int32_t x3 = upyml_doubling_high_mul(x2, x), x4 = upyml_doubling_high_mul(x2, x2);
    int32_t fourth = upyml_divide_by_power(x4, 2);
    int32_t high = upyml_divide_by_power(upyml_doubling_high_mul(fourth + x3, third) + x2, 1);
    return exp_of_minus_eighth + upyml_doubling_high_mul(exp_of_minus_eighth, x + high);
}

// The fraction below 1/4 by polynomial, each higher bit by one factor.
int32_t upyml_exp_negative(int32_t a) {
    static const int32_t factors[7] = {  // exp(-2^k) for k = -2 .. 4, Q0.31
        1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242,
    };
    if (a == 0) {
        return INT32_MAX;
    }
    const int32_t quarter = 1 << 24;
    int32_t fraction = (int32_t)((uint32_t)a & (uint32_t)(quarter - 1)) - quarter;
    int32_t result = exp_small(fraction * 32);  // Q5.26 to Q0.31
    uint32_t remainder = (uint32_t)fraction - (uint32_t)a;
    for (int bit = 0; bit < 7; bit++) {
        if (remainder & (1u << (24 + bit))) {
            result = upyml_doubling_high_mul(result, factors[bit]);
        }
    }
    return result;
}

// 1 / (1 + a) for a in [0, 1), Q0.31: three Newton-Raphson steps from 48/17 - 32/17 x, in Q2.29.
static int32_t one_over_one_plus(uint32_t a) {
    int32_t half = (int32_t)((a + 0x80000000u) >> 1);  // (1 + a) / 2
    int32_t x = 1515870810 + upyml_doubling_high_mul(half, -1010580540);
    for (int i = 0; i < 3; i++) {
        int32_t rest = (1 << 29) - upyml_doubling_high_mul(half, x);
        x = upyml_add_wrapped(x, upyml_saturating_left(upyml_doubling_high_mul(x, rest), 2));  // Q4.27 to Q2.29
    }
    return upyml_saturating_left(x, 1);  // Q2.29 of 2 / (1 + a) / 2 to Q0.31: times 4, halved
}

int32_t upyml_reciprocal(uint32_t x, int *headroom) {
    int zeros = 0;
    for (; zeros < 32 && !(x & 0x80000000u); zeros++) {
        x <<= 1;
    }
    *headroom = zeros;
    return one_over_one_plus(x - 0x80000000u);
}
