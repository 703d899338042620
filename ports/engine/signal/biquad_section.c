// One second-order section.
#include "filters.h"

enum { REST = (1 << UPYML_BIQUAD_SHIFT) - 1 };

static uint32_t product(int32_t factor, int32_t sample) {
    return (uint32_t)(factor * sample);
}

void upyml_biquad_section(const int16_t *factors, int16_t *samples, int32_t count, int32_t step, int16_t *state) {
    int32_t x1 = state[0], x2 = state[1], y1 = state[2], y2 = state[3];
    uint32_t sum = (uint32_t)(state[4] & REST);
    for (; count > 0; count--) {
        int32_t x = *samples;
        sum += product(factors[0], x) + product(factors[1], x1) + product(factors[2], x2) - product(factors[3], y1)
            - product(factors[4], y2);
        int32_t y = (int32_t)sum >> UPYML_BIQUAD_SHIFT;
        sum &= REST;
        y = y < INT16_MIN ? INT16_MIN : y > INT16_MAX ? INT16_MAX : y;
        x2 = x1;
        x1 = x;
        y2 = y1;
        y1 = y;
        *samples = (int16_t)y;
        samples += step;
    }
    state[0] = (int16_t)x1;
    state[1] = (int16_t)x2;
    state[2] = (int16_t)y1;
    state[3] = (int16_t)y2;
    state[4] = (int16_t)sum;
}
