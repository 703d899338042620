// Finite filters, with another rate at their end.
#include "filters.h"
#include "load.h"

enum { SHIFT = 15 };

static void remember(const upyml_fir *p, const uint8_t *input, int16_t *state, int32_t history) {
    int32_t kept = history * p->channels, taken = p->inputs * p->channels;
    for (int32_t i = 0; i < kept; i++) {
        int32_t from = i + taken;  // as if the inputs lay behind the state
        state[i] = from < kept ? state[from] : (int16_t)upyml_load16(input + 2 * (from - kept));
    }
}

void upyml_fir_s16(const upyml_fir *p, const uint8_t *input, int16_t *output, int16_t *state) {
    int32_t history = upyml_fir_history(p->taps, p->up), phase = 0, newest = 0;
    // Divided once: a small CPU does it in a hundred cycles.
    int32_t shared = p->taps / p->up, longer = p->taps % p->up, onward = p->down / p->up, turn = p->down % p->up;
    for (int32_t n = 0; n < p->outputs; n++) {
        int32_t taps = shared + (phase < longer);  // of this phase
        int32_t fresh = newest + 1 < taps ? newest + 1 : taps;  // those whose samples are in the input
        const uint8_t *coefficient = p->coefficients + 2 * phase;
        for (int32_t channel = 0; channel < p->channels; channel++) {
            uint32_t sum = 1u << (SHIFT - 1);
            if (fresh > 0) {
                sum += upyml_fir_sum(coefficient, p->up, input + 2 * (newest * p->channels + channel), p->channels, fresh);
            }
            if (taps > fresh) {
                int32_t last = (history - 1) * p->channels + channel;
                sum += upyml_fir_sum(coefficient + 2 * fresh * p->up, p->up, (const uint8_t *)(state + last), p->channels,
                    taps - fresh);
            }
            int32_t y = (int32_t)sum >> SHIFT;
            *output++ = (int16_t)(y < INT16_MIN ? INT16_MIN : y > INT16_MAX ? INT16_MAX : y);
        }
        newest += onward;
        phase += turn;
        if (phase >= p->up) {
            phase -= p->up;
            newest++;
        }
    }
    remember(p, input, state, history);
}
