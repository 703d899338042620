// Power and magnitude of complex numbers, and windows.
#include "spectrum.h"

#include "load.h"

uint32_t upyml_square_root(uint32_t x) {
    uint32_t rest, root = upyml_root_below(x, &rest);
    return root + (rest > root);  // more than root + 1/4 rounds up
}

static uint32_t power(const uint8_t *z) {
    int32_t re = upyml_load_int16(z), im = upyml_load_int16(z + 2);
    return (uint32_t)(re * re) + (uint32_t)(im * im);
}

void upyml_power_s16(const uint8_t *input, uint8_t *output, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        uint32_t x = power(input + 4 * i);
        upyml_store32(output + 4 * i, x < 1u << 31 ? x : (1u << 31) - 1);
    }
}

void upyml_magnitude_s16(const uint8_t *input, uint8_t *output, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        uint32_t root = upyml_square_root(power(input + 4 * i));
        upyml_store16(output + 2 * i, root < 1u << 15 ? root : (1u << 15) - 1);
    }
}

void upyml_weigh_s16(const int16_t *x, const int16_t *factors, int16_t *output, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        int32_t y = (x[i] * factors[i] + (1 << 14)) >> 15;
        output[i] = (int16_t)(y < 32768 ? y : 32767);
    }
}
