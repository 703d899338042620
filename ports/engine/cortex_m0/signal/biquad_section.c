// One second-order section in assembly: biquad_samples.S.
#include "signal/filters.h"

typedef struct {
    int32_t factors[UPYML_BIQUAD_FACTOR_COUNT], step;  // step: bytes
    int16_t *samples, *end;
    int32_t state[UPYML_BIQUAD_STATE_COUNT];
} upyml_m0_biquad_job;

void upyml_m0_biquad(upyml_m0_biquad_job *job);

void upyml_biquad_section(const int16_t *factors, int16_t *samples, int32_t count, int32_t step, int16_t *state) {
    upyml_m0_biquad_job job = {.step = 2 * step, .samples = samples, .end = samples + count * step};
    for (int i = 0; i < UPYML_BIQUAD_STATE_COUNT; i++) {
        job.factors[i] = factors[i];
        job.state[i] = state[i];
    }
    job.state[4] &= (1 << UPYML_BIQUAD_SHIFT) - 1;
    upyml_m0_biquad(&job);
    for (int i = 0; i < UPYML_BIQUAD_STATE_COUNT; i++) {
        state[i] = (int16_t)job.state[i];
    }
}
