// Cascades of second-order sections.
#include "filters.h"
#include "load.h"

void upyml_biquad_s16(const upyml_biquad *p, int16_t *samples, int16_t *state) {
    for (int32_t channel = 0; channel < p->channels; channel++) {
        for (int32_t section = 0; section < p->sections; section++) {
            int16_t factors[UPYML_BIQUAD_FACTOR_COUNT];
            for (int i = 0; i < UPYML_BIQUAD_FACTOR_COUNT; i++) {
                factors[i] = (int16_t)upyml_load16(p->factors + 2 * (UPYML_BIQUAD_FACTOR_COUNT * section + i));
            }
            upyml_biquad_section(factors, samples + channel, p->samples, p->channels, state);
            state += UPYML_BIQUAD_STATE_COUNT;
        }
    }
}
