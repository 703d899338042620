// Number types at the edges of a model. float32 is worked on in integers: the same bits on every CPU, and no float
// library in a native module for one without a float unit.
#include "../kernels.h"
#include "../load.h"
#include "../requantize.h"

static int32_t lowest(int dtype) {
    return dtype == UPYML_DTYPE_INT8 ? -128 : dtype == UPYML_DTYPE_UINT8 ? 0 : -32768;
}

static int32_t highest(int dtype) {
    return dtype == UPYML_DTYPE_INT8 ? 127 : dtype == UPYML_DTYPE_UINT8 ? 255 : 32767;
}

static int32_t load(const uint8_t *p, int dtype, uint32_t at) {
    switch (dtype) {
        case UPYML_DTYPE_INT8:
            return (int8_t)p[at];
        case UPYML_DTYPE_UINT8:
            return p[at];
        case UPYML_DTYPE_INT16:
            return upyml_load_int16(p + 2 * at);
        default:
            return upyml_load_int32(p + 4 * at);
    }
}

static void store(uint8_t *p, int dtype, uint32_t at, int32_t value) {
    if (dtype == UPYML_DTYPE_INT16) {
        upyml_store16(p + 2 * at, (uint32_t)value);
    } else {
        p[at] = (uint8_t)value;
    }
}

// round(value / scale): the quotient first rounded to float32, ties to even, then to an integer, half away from zero,
// as a float unit and roundf() would. NaN gives 0; what no type holds is FAR away.
static int32_t divide(uint32_t value, uint32_t scale) {
    const int32_t FAR = 1000000;
    int32_t exponent = (int32_t)(value >> 23 & 255), sign = value >> 31 ? -1 : 1;
    uint32_t rest = value & 0x7fffffu, divisor = (scale & 0x7fffffu) | 0x800000u, quotient = 0;
    if (exponent == 255) {
        return rest ? 0 : sign * FAR;
    }
    if (exponent > 0) {
        rest |= 0x800000u;
    } else if (rest == 0) {
        return 0;
    } else {  // subnormal
        for (exponent = 1; !(rest & 0x800000u); exponent--) {
            rest <<= 1;
        }
    }
    exponent -= (int32_t)(scale >> 23);
    if (exponent < -2 || exponent > 19) {  // below 1/2, or beyond every type
        return exponent < 0 ? 0 : sign * FAR;
    }
    int32_t fraction_bits = 23 - exponent;
    if (rest < divisor) {
        rest <<= 1;
        fraction_bits++;
    }
    for (int bit = 0; bit < 24; bit++) {
        quotient <<= 1;
        if (rest >= divisor) {
            rest -= divisor;
            quotient |= 1;
        }
        rest <<= 1;
    }
    quotient += rest > divisor || (rest == divisor && (quotient & 1));
    return sign * (int32_t)((quotient + (1u << (fraction_bits - 1))) >> fraction_bits);
}

// The bits of scale * factor as float32, ties to even.
static uint32_t multiply(uint32_t scale, int32_t factor) {
    if (factor == 0) {
        return 0;
    }
    uint32_t sign = factor < 0 ? 0x80000000u : 0, magnitude = factor < 0 ? 0u - (uint32_t)factor : (uint32_t)factor;
    uint32_t significand = (scale & 0x7fffffu) | 0x800000u, exponent = scale >> 23, sticky = 0, product;
    if (magnitude < 256) {
        product = significand * magnitude;  // the usual case, without 64 bits
    } else {
        uint64_t wide = (uint64_t)significand * magnitude;
        for (; wide >> 32; wide >>= 1, exponent++) {
            sticky |= wide & 1;
        }
        product = (uint32_t)wide;
    }
    for (; product >> 25; product >>= 1, exponent++) {  // 25 bits: one to round by
        sticky |= product & 1;
    }
    if (product >> 24) {
        uint32_t odd = product >> 1 & 1, half = product & 1;
        product = (product >> 1) + (half & (sticky | odd));
        exponent++;
    }
    if (product >> 24) {
        product >>= 1;
        exponent++;
    }
    return sign | (exponent >= 255 ? 0x7f800000u : exponent << 23 | (product & 0x7fffffu));
}

void upyml_quantize(uint32_t scale, int32_t zero_point, int dtype, const uint8_t *floats, uint8_t *output,
    uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        int32_t q = divide(upyml_load32(floats + 4 * i), scale) + zero_point;
        store(output, dtype, i, upyml_clamp(q, lowest(dtype), highest(dtype)));
    }
}

void upyml_dequantize(uint32_t scale, int32_t zero_point, int dtype, const uint8_t *input, uint8_t *floats,
    uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        upyml_store32(floats + 4 * i, multiply(scale, load(input, dtype, i) - zero_point));
    }
}

void upyml_requantize_any(const upyml_requantization *p, const uint8_t *input, uint8_t *output, uint32_t count,
    int reverse) {
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = reverse ? count - 1 - i : i;
        int32_t x = load(input, p->in_dtype, at) - p->in_zero_point;
        int32_t y = upyml_add_wrapped(upyml_requantize(x, p->multiplier, p->shift), p->out_zero_point);
        store(output, p->out_dtype, at, upyml_clamp(y, lowest(p->out_dtype), highest(p->out_dtype)));
    }
}
