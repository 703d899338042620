// Sums of one channel without zeros between its samples in assembly, fir_fours.S; others as the plain one makes them.
#include "signal/filters.h"

#define upyml_fir_sum upyml_plain_fir_sum
#include "../../signal/fir_sum.c"
#undef upyml_fir_sum

// The sum over 4 * fours coefficients from c on, times the samples from x down.
uint32_t upyml_m0_fir_fours(const uint8_t *c, const uint8_t *x, int32_t fours);

uint32_t upyml_fir_sum(const uint8_t *coefficient, int32_t step, const uint8_t *sample, int32_t stride, int32_t count) {
    uint32_t sum = 0;
    int32_t fours = count / 4;
    if (step == 1 && stride == 1 && fours > 0 && !(((uintptr_t)coefficient | (uintptr_t)sample) & 1)) {
        sum = upyml_m0_fir_fours(coefficient, sample, fours);
        coefficient += 8 * fours;
        sample -= 8 * fours;
        count -= 4 * fours;
    }
    return sum + upyml_plain_fir_sum(coefficient, step, sample, stride, count);
}
