// Second-order sections of any factors, samples and state, of one channel of several: the same samples and states as by the
// plain one, nothing written between them.
#include <string.h>

#include "random_values.h"
#include "signal/filters.h"

void plain_upyml_biquad_section(const int16_t *factors, int16_t *samples, int32_t count, int32_t step, int16_t *state);

enum { CASES = 3000, MOST = 40, STEPS = 3 };

static int32_t value(int32_t most) {
    return one_in(6) ? -most - 1 : one_in(6) ? most : between(-most - 1, most);
}

static int one_section(void) {
    int16_t factors[UPYML_BIQUAD_FACTOR_COUNT], samples[MOST * STEPS], same[MOST * STEPS];
    int16_t state[UPYML_BIQUAD_STATE_COUNT], same_state[UPYML_BIQUAD_STATE_COUNT];
    int32_t count = between(0, MOST), step = between(1, STEPS), most = one_in(3) ? 99 : 32767;
    for (int32_t i = 0; i < MOST * STEPS; i++) {
        samples[i] = same[i] = (int16_t)value(most);
    }
    for (int i = 0; i < UPYML_BIQUAD_STATE_COUNT; i++) {
        factors[i] = (int16_t)value(32767);
        state[i] = same_state[i] = (int16_t)value(32767);
    }
    plain_upyml_biquad_section(factors, same, count, step, same_state);
    upyml_biquad_section(factors, samples, count, step, state);
    if (memcmp(samples, same, sizeof same) == 0 && memcmp(state, same_state, sizeof state) == 0) {
        return 1;
    }
    rig_print("samples, step: ");
    rig_number(count);
    rig_print(" ");
    rig_number(step);
    rig_print("\n");
    return 0;
}

int32_t cases(void) {
    int32_t passed = 0;
    while (passed < CASES && one_section()) {
        passed++;
    }
    return passed;
}
