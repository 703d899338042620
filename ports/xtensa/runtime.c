// What the compiler calls where the core has no instruction: its own library has the other calling convention.

#include <stdint.h>

typedef union {
    float value;
    uint32_t bits;
} single_t;

typedef union {
    double value;
    uint64_t bits;
} wide_t;

#define SINGLE_INFINITY 0x7f800000u
#define SINGLE_NAN 0x7fc00000u

uint32_t __bswapsi2(uint32_t value) {
    return value >> 24 | (value >> 8 & 0xff00) | (value << 8 & 0xff0000) | value << 24;
}

uint64_t __bswapdi2(uint64_t value) {
    return (uint64_t)__bswapsi2((uint32_t)value) << 32 | __bswapsi2(value >> 32);
}

// The float of a sign (bit 31), a biased exponent and 25 bits: a leading 1, 23 bits, and one more to round by;
// `rest` tells whether anything lies below. To nearest, ties to even.
static float rounded(uint32_t sign, int exponent, uint32_t digits, int rest) {
    single_t result;
    if (exponent <= 0) { // subnormal
        int shift = 1 - exponent < 26 ? 1 - exponent : 26;
        rest |= (digits & ((1u << shift) - 1)) != 0;
        digits >>= shift;
        exponent = 1;
    }
    uint32_t bits = (digits >> 1) + ((digits & 1) && (rest || (digits & 2)));
    // The leading 1 adds one to the exponent; so does a carry, up to infinity.
    bits += (uint32_t)(exponent - 1) << 23;
    result.bits = sign | (exponent >= 255 || bits > SINGLE_INFINITY ? SINGLE_INFINITY : bits);
    return result.value;
}

// The 24 bits of a float that is not 0, and its biased exponent, below 1 for subnormals.
static uint32_t digits_of(uint32_t bits, int *exponent) {
    *exponent = bits >> 23 & 255;
    uint32_t digits = bits & 0x7fffff;
    if (*exponent) {
        return digits | 1u << 23;
    }
    int shift = __builtin_clz(digits) - 8;
    *exponent = 1 - shift;
    return digits << shift;
}

float __divsf3(float dividend, float divisor) {
    single_t a = {dividend}, b = {divisor}, special;
    uint32_t sign = (a.bits ^ b.bits) & 0x80000000u, x = a.bits & 0x7fffffff, y = b.bits & 0x7fffffff;
    if (x >= SINGLE_INFINITY || y >= SINGLE_INFINITY || !x || !y) {
        int none = x > SINGLE_INFINITY || y > SINGLE_INFINITY || x == y;
        special.bits = none ? SINGLE_NAN : sign | (y && (y == SINGLE_INFINITY || !x) ? 0 : SINGLE_INFINITY);
        return special.value;
    }
    int exponent, of_divisor;
    uint32_t remainder = digits_of(x, &exponent), by = digits_of(y, &of_divisor), digits = 0;
    exponent += 127 - of_divisor;
    if (remainder < by) {
        remainder <<= 1;
        exponent--;
    }
    for (int i = 0; i < 25; i++) {
        digits = digits << 1 | (remainder >= by);
        remainder = (remainder >= by ? remainder - by : remainder) << 1;
    }
    return rounded(sign, exponent, digits, remainder != 0);
}

double __extendsfdf2(float value) {
    single_t from = {value};
    wide_t to;
    uint32_t size = from.bits & 0x7fffffff;
    to.bits = (uint64_t)(from.bits & 0x80000000u) << 32;
    if (size >= SINGLE_INFINITY) {
        to.bits |= 0x7ff0000000000000ull | (uint64_t)(size & 0x7fffff) << 29;
    } else if (size) {
        int exponent;
        uint32_t digits = digits_of(size, &exponent);
        to.bits |= ((uint64_t)(exponent + 1023 - 127 - 1) << 52) + ((uint64_t)digits << 29);
    }
    return to.value;
}

float __truncdfsf2(double value) {
    wide_t from = {value};
    single_t special;
    uint32_t sign = from.bits >> 32 & 0x80000000u;
    int exponent = from.bits >> 52 & 0x7ff;
    uint64_t digits = from.bits & 0xfffffffffffffull;
    if (exponent == 0x7ff) {
        special.bits = digits ? SINGLE_NAN : sign | SINGLE_INFINITY;
        return special.value;
    }
    digits |= (uint64_t)(exponent != 0) << 52;
    return rounded(sign, exponent - 1023 + 127, digits >> 28, (digits & 0xfffffff) != 0);
}

double __floatsidf(int value) {
    wide_t to;
    to.bits = (uint64_t)(value < 0) << 63;
    uint32_t size = value < 0 ? -(uint32_t)value : (uint32_t)value;
    if (size) {
        int zeros = __builtin_clz(size);
        to.bits |= ((uint64_t)(1023 + 31 - zeros - 1) << 52) + ((uint64_t)(size << zeros) << 21);
    }
    return to.value;
}

float fabsf(float value) {
    single_t x = {value};
    x.bits &= 0x7fffffff;
    return x.value;
}

float copysignf(float value, float of) {
    single_t x = {value}, y = {of};
    x.bits = (x.bits & 0x7fffffff) | (y.bits & 0x80000000u);
    return x.value;
}

float nanf(const char *tag) {
    (void)tag;
    single_t x = {.bits = SINGLE_NAN};
    return x.value;
}
