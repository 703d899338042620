// Filters of int16 samples with memory: second-order sections, and finite ones that change the rate.
#ifndef UPYML_FILTERS_H
#define UPYML_FILTERS_H

#include <stdint.h>

// A cascade of second-order sections, each y = (b0 x + b1 x1 + b2 x2 - a1 y1 - a2 y2) / 2^14 (direct form I), clamped to int16.
// What the division drops is added to the next sum: noise is shaped away from low frequencies, and a constant is exact.
// The sum wraps at 32 bits: a section has to stay within 4 times the range of int16, which those of usual designs do.
enum { UPYML_BIQUAD_FACTOR_COUNT = 5, UPYML_BIQUAD_STATE_COUNT = 5, UPYML_BIQUAD_SHIFT = 14 };

typedef struct {
    int32_t sections;
    int32_t samples, channels;  // samples of each channel; channels lie together
    const uint8_t *factors;  // b0, b1, b2, a1, a2 of each section: int16 in Q14, of any alignment
} upyml_biquad;

// samples: changed in place. state: x1, x2, y1, y2 and the rest of the division, of each section of each channel, as int16;
// zeros at first. Both on a multiple of 2 bytes.
void upyml_biquad_s16(const upyml_biquad *p, int16_t *samples, int16_t *state);

// One section over one channel: the part that has kernels of its own. step: int16 from one sample to the next.
void upyml_biquad_section(const int16_t *factors, int16_t *samples, int32_t count, int32_t step, int16_t *state);

// A finite filter between two rates: `up` outputs for each `down` inputs (1 and 1: no change; 1 and 4: decimation). With
// zeros put between the inputs, up - 1 each, y[n] = (sum of c[k] x[n down - k] + 2^14) / 2^15, clamped to int16; only the
// products with inputs are made. Sums wrap at 32 bits: the |c| of each phase must add up to less than 2^16.
typedef struct {
    int32_t up, down, taps;
    int32_t inputs, outputs, channels;  // inputs * up = outputs * down, samples of each channel
    const uint8_t *coefficients;  // int16 in Q15, of any alignment
} upyml_fir;

// Samples of each channel that the filter remembers: those that later outputs need.
static inline int32_t upyml_fir_history(int32_t taps, int32_t up) {
    return (taps + up - 1) / up - 1;
}

// input: int16 at any address, apart from the output. state: upyml_fir_history() samples of each channel, the oldest first,
// channels together; zeros at first. output, state: on a multiple of 2 bytes.
void upyml_fir_s16(const upyml_fir *p, const uint8_t *input, int16_t *output, int16_t *state);

// Sum over `count` coefficients, each `step` behind the one before, times samples, each `stride` before the one before: the part
// that has kernels of its own. Wraps; both of any alignment.
uint32_t upyml_fir_sum(const uint8_t *coefficient, int32_t step, const uint8_t *sample, int32_t stride, int32_t count);

#endif
