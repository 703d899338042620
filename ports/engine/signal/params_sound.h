// The parameters of MEL_ENERGIES and NOISE_REDUCTION from the file. Nothing has been looked at where the check calls these.
#ifndef UPYML_PARAMS_SOUND_H
#define UPYML_PARAMS_SOUND_H

#include "layout_signal.h"
#include "sound.h"

static inline void upyml_read_mel(const uint8_t *file, const upyml_op *op, upyml_mel *p) {
    const uint8_t *params = op->params;
    p->rfft.points = (int32_t)upyml_load16(params + UPYML_MEL_ENERGIES_POINTS);
    p->rfft.samples = (int32_t)upyml_load16(params + UPYML_MEL_ENERGIES_FRAME);
    p->rfft.twiddles = upyml_place(file, params + UPYML_MEL_ENERGIES_TWIDDLES);
    p->hop = (int32_t)upyml_load16(params + UPYML_MEL_ENERGIES_HOP);
    p->channels = (int32_t)upyml_load16(params + UPYML_MEL_ENERGIES_CHANNELS);
    p->first_bin = (int32_t)upyml_load16(params + UPYML_MEL_ENERGIES_FIRST_BIN);
    p->end_bin = (int32_t)upyml_load16(params + UPYML_MEL_ENERGIES_END_BIN);
    p->window_shift = (int)upyml_load16(params + UPYML_MEL_ENERGIES_WINDOW_SHIFT);
    p->window = upyml_place(file, params + UPYML_MEL_ENERGIES_WINDOW);
    p->bands = upyml_place(file, params + UPYML_MEL_ENERGIES_BANDS);
}

static inline void upyml_read_noise_reduction(const uint8_t *file, const upyml_op *op, const upyml_tensor *x,
    upyml_noise_reduction *p) {
    const uint8_t *params = op->params;
    p->channels = x->shape[x->rank - 1];
    for (int odd = 0; odd < 2; odd++) {
        p->smoothing[odd] = upyml_load32(params + UPYML_NOISE_REDUCTION_SMOOTHING + 4 * odd);
        p->one_minus_smoothing[odd] = upyml_load32(params + UPYML_NOISE_REDUCTION_ONE_MINUS_SMOOTHING + 4 * odd);
    }
    p->min_signal_remaining = upyml_load32(params + UPYML_NOISE_REDUCTION_MIN_SIGNAL_REMAINING);
    p->bits = params[UPYML_NOISE_REDUCTION_BITS];
    p->smoothing_bits = params[UPYML_NOISE_REDUCTION_SMOOTHING_BITS];
    p->clamping = params[UPYML_NOISE_REDUCTION_CLAMPING];
    p->snr_shift = params[UPYML_NOISE_REDUCTION_SNR_SHIFT];
    uint32_t gains = upyml_load32(params + UPYML_NOISE_REDUCTION_GAINS);
    p->gains = gains ? upyml_place(file, params + UPYML_NOISE_REDUCTION_GAINS) : NULL;
}

#endif
