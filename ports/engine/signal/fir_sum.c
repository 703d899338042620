// The sum of a finite filter's products.
#include "filters.h"
#include "load.h"

uint32_t upyml_fir_sum(const uint8_t *coefficient, int32_t step, const uint8_t *sample, int32_t stride,
    int32_t count) {
    uint32_t sum = 0;
    if (((uintptr_t)coefficient | (uintptr_t)sample) & 1) {
        for (; count > 0; count--) {
            sum += (uint32_t)(upyml_load_int16(coefficient) * upyml_load_int16(sample));
            coefficient += 2 * step;
            sample -= 2 * stride;
        }
        return sum;
    }
    const int16_t *c = (const int16_t *)coefficient, *x = (const int16_t *)sample;
    for (; count > 0; count--) {
        sum += (uint32_t)(*c * *x);
        c += step;
        x -= stride;
    }
    return sum;
}
