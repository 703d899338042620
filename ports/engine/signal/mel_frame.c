// The parts of MEL_ENERGIES that go over samples and bins; a CPU may have its own.
#include "../load.h"
#include "sound.h"

int upyml_mel_window(const upyml_mel *p, const uint8_t *input, int16_t *output) {
    int32_t most = 0;
    for (int32_t i = 0; i < p->rfft.samples; i++) {
        int32_t x = upyml_load_int16(input + 2 * i) * upyml_load_int16(p->window + 2 * i) >> p->window_shift;
        x = x < INT16_MIN ? INT16_MIN : x > INT16_MAX ? INT16_MAX : x;
        output[i] = (int16_t)x;
        most = upyml_mel_most(most, x);
    }
    int shift = upyml_mel_shift(most);
    for (int32_t i = 0; i < p->rfft.samples && shift; i++) {
        output[i] = (int16_t)(output[i] * (1 << shift));
    }
    return shift;
}

void upyml_mel_band(const uint32_t *bins, int32_t count, const uint8_t *weights, upyml_mel_sum *sums) {
    for (int32_t i = 0; i < count; i++) {
        upyml_mel_bin(bins[i], weights + 4 * i, sums);
    }
}
