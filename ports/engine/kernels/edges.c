// Number types at the edges of a model: the only place with floats.
#include <string.h>

#include "../kernels.h"
#include "../load.h"
#include "../requantize.h"

static float float_from_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint32_t float_bits(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

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
            return (int16_t)upyml_load16(p + 2 * at);
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

// Rounded half away from zero; NaN gives 0, and what no type holds stays outside every type.
static int32_t round_away(float x) {
    if (!(x > -1e6f && x < 1e6f)) {
        return x > 0 ? 1000000 : x < 0 ? -1000000 : 0;
    }
    int32_t whole = (int32_t)x;
    float rest = x - (float)whole;
    return rest >= 0.5f ? whole + 1 : rest <= -0.5f ? whole - 1 : whole;
}

void upyml_quantize(uint32_t scale, int32_t zero_point, int dtype, const uint8_t *floats, uint8_t *output,
    uint32_t count) {
    float step = float_from_bits(scale);
    for (uint32_t i = 0; i < count; i++) {
        int32_t q = round_away(float_from_bits(upyml_load32(floats + 4 * i)) / step) + zero_point;
        store(output, dtype, i, upyml_clamp(q, lowest(dtype), highest(dtype)));
    }
}

void upyml_dequantize(uint32_t scale, int32_t zero_point, int dtype, const uint8_t *input, uint8_t *floats,
    uint32_t count) {
    float step = float_from_bits(scale);
    for (uint32_t i = 0; i < count; i++) {
        upyml_store32(floats + 4 * i, float_bits(step * (float)(load(input, dtype, i) - zero_point)));
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
