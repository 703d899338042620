// Runs the ops of the family SIGNAL.
#include <string.h>

#include "families.h"
#include "params_signal.h"
#include "sound.h"
#include "spectrum.h"
#include "statistics.h"

static void run_rfft(upyml_step *s) {
    upyml_rfft p;
    upyml_read_rfft(s->file, &s->op, &s->x, &p);
    int16_t *output = (int16_t *)s->output;
    for (uint32_t done = 0; done < s->x.elements; done += (uint32_t)p.samples) {
        upyml_rfft_s16(&p, s->input + 2 * done, output);
        output += p.points + 2;
    }
}

// Of an op that has one.
static int16_t *state_of(const upyml_step *s) {
    upyml_tensor state;
    upyml_read_link(s->file, &s->op, 1, &state);
    return (int16_t *)upyml_tensor_bytes(s, &state);
}

static void run_biquad(upyml_step *s) {
    upyml_biquad p;
    upyml_read_biquad(s->file, &s->op, &s->x, &p);
    memmove(s->output, s->input, 2 * s->x.elements);
    upyml_biquad_s16(&p, (int16_t *)s->output, state_of(s));
}

static void run_fir(upyml_step *s) {
    upyml_fir p;
    upyml_read_fir(s->file, &s->op, &s->x, &s->y, &p);
    upyml_fir_s16(&p, s->input, (int16_t *)s->output, s->op.input_count > 1 ? state_of(s) : NULL);
}

static void run_statistics(upyml_step *s) {
    int32_t outer = upyml_load_int32(s->op.params + UPYML_STATISTICS_OUTER), values[UPYML_STATISTICS];
    int32_t inner = upyml_load_int32(s->op.params + UPYML_STATISTICS_INNER);
    upyml_statistics p = {
        .count = upyml_load_int32(s->op.params + UPYML_STATISTICS_COUNT), .stride = inner,
        .width = (int32_t)upyml_width(s->x.dtype), .zero_point = s->x.zero_point,
        .which = upyml_load32(s->op.params + UPYML_STATISTICS_WHICH),
    };
    int wide = s->y.dtype == UPYML_DTYPE_INT32;
    for (int32_t i = 0; i < outer; i++) {
        for (int32_t j = 0; j < inner; j++) {
            int32_t made = upyml_statistics_of(&p, s->input + (i * p.count * inner + j) * p.width, values);
            for (int32_t n = 0; n < made; n++) {
                int32_t at = (i * made + n) * inner + j, value = values[n];
                if (wide) {
                    upyml_store32(s->output + 4 * at, (uint32_t)value);
                } else {
                    upyml_store16(s->output + 2 * at, (uint32_t)(value < -32768 ? -32768 : value > 32767 ? 32767 : value));
                }
            }
        }
    }
}

void upyml_run_signal(upyml_step *s) {
    if (s->op.opcode >= UPYML_OPCODE_MEL_ENERGIES) {
        upyml_run_sound(s);
        return;
    }
    switch (s->op.opcode) {
        case UPYML_OPCODE_RFFT:
            UPYML_FOR(RFFT, run_rfft(s));
            break;
        case UPYML_OPCODE_POWER:
            UPYML_FOR(POWER, upyml_power_s16(s->input, s->output, s->y.elements));
            break;
        case UPYML_OPCODE_MAGNITUDE:
            UPYML_FOR(MAGNITUDE, upyml_magnitude_s16(s->input, s->output, s->y.elements));
            break;
        case UPYML_OPCODE_BIQUAD:
            UPYML_FOR(BIQUAD, run_biquad(s));
            break;
        case UPYML_OPCODE_FIR:
            UPYML_FOR(FIR, run_fir(s));
            break;
        default:
            UPYML_FOR(STATISTICS, run_statistics(s));
    }
}
