// Runs MEL_ENERGIES and its kin, frame by frame.
#include "params_sound.h"

static void run_mel(upyml_step *s) {
    upyml_mel p;
    upyml_read_mel(s->file, &s->op, &p);
    uint32_t frames = s->y.elements / (uint32_t)p.channels;
    for (uint32_t frame = 0; frame < frames; frame++) {
        upyml_mel_energies(&p, s->input + 2 * frame * (uint32_t)p.hop, s->output + 4 * frame * (uint32_t)p.channels, s->scratch);
    }
}

static void run_noise_reduction(upyml_step *s) {
    upyml_tensor state;
    upyml_read_link(s->file, &s->op, 1, &state);
    upyml_noise_reduction p;
    upyml_read_noise_reduction(s->file, &s->op, &s->x, &p);
    uint8_t *estimates = upyml_tensor_bytes(s, &state);
    for (uint32_t at = 0; at < 4 * s->y.elements; at += 4 * (uint32_t)p.channels) {
        upyml_reduce_noise(&p, s->input + at, estimates, s->output + at);
    }
}

static void run_divide(upyml_step *s) {
    const uint8_t *params = s->op.params;
    upyml_division p = {
        .multiplier = upyml_load32(params + UPYML_DIVIDE_FEATURES_MULTIPLIER),
        .addend = upyml_load32(params + UPYML_DIVIDE_FEATURES_ADDEND),
        .divisor = upyml_load_int32(params + UPYML_DIVIDE_FEATURES_DIVISOR),
        .zero_point = upyml_load32(params + UPYML_DIVIDE_FEATURES_ZERO_POINT),
    };
    upyml_divide_features(&p, s->input, (int8_t *)s->output, s->y.elements);
}

void upyml_run_sound(upyml_step *s) {
    switch (s->op.opcode) {
        case UPYML_OPCODE_MEL_ENERGIES:
            UPYML_FOR(MEL_ENERGIES, run_mel(s));
            break;
        case UPYML_OPCODE_NOISE_REDUCTION:
            UPYML_FOR(NOISE_REDUCTION, run_noise_reduction(s));
            break;
        case UPYML_OPCODE_LOG_ENERGIES:
            UPYML_FOR(LOG_ENERGIES, upyml_log_energies(upyml_load32(s->op.params + UPYML_LOG_ENERGIES_OUTPUT_SCALE),
                s->op.params[UPYML_LOG_ENERGIES_CORRECTION_BITS], s->input, s->output, s->y.elements));
            break;
        default:
            UPYML_FOR(DIVIDE_FEATURES, run_divide(s));
    }
}
