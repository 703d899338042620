// The parts of MEL_ENERGIES on a Cortex-M0+: samples in one load where they lie even, bins in assembly (mel_bins.S).
#include "load.h"
#include "signal/sound.h"

enum { BINS = 8 };  // at a time

// Sums over at most BINS bins of energy times weight and times rest, whose bits from 13 on are 0: a word each for the lower
// and the upper half of the energies.
void upyml_m0_mel_bins(const uint32_t *bins, const uint32_t *weights, const uint32_t *end, uint32_t *sums);

static inline int32_t load(const uint8_t *p, int even) {
    return even ? *(const int16_t *)p : upyml_load_int16(p);
}

// Answers the largest magnitude.
static inline int32_t apply(const upyml_mel *p, const uint8_t *input, int16_t *output, int even) {
    const uint8_t *window = p->window, *end = input + 2 * p->rfft.samples;
    int32_t most = 0, shift = p->window_shift;
    for (; input != end; input += 2, window += 2) {
        int32_t x = load(input, even) * load(window, even) >> shift;
        if (x != (int16_t)x) {
            x = x < 0 ? INT16_MIN : INT16_MAX;
        }
        *output++ = (int16_t)x;
        most = upyml_mel_most(most, x);
    }
    return most;
}

int upyml_mel_window(const upyml_mel *p, const uint8_t *input, int16_t *output) {
    int odd = ((uintptr_t)input | (uintptr_t)p->window) & 1;
    int shift = upyml_mel_shift(odd ? apply(p, input, output, 0) : apply(p, input, output, 1));
    uint32_t *pair = (uint32_t *)output, *end = pair + (p->rfft.samples + 1) / 2;
    for (; pair != end && shift; pair++) {
        *pair = (*pair >> 16) << (16 + shift) | (uint16_t)(*pair << shift);
    }
    return shift;
}

void upyml_mel_band(const uint32_t *bins, int32_t count, const uint8_t *weights, upyml_mel_sum *sums) {
    int even = ((uintptr_t)weights & 3) == 0;
    while (count) {
        int32_t now = count < BINS ? count : BINS;
        uint32_t bits = 0, parts[4];
        for (int32_t i = 0; i < now && even; i++) {
            bits |= ((const uint32_t *)weights)[i];
        }
        if (even && !(bits & 0xe000e000)) {
            upyml_m0_mel_bins(bins, (const uint32_t *)weights, bins + now, parts);
            sums[0].low += parts[0];
            sums[0].high += parts[1];
            sums[1].low += parts[2];
            sums[1].high += parts[3];
        } else {
            for (int32_t i = 0; i < now; i++) {
                upyml_mel_bin(bins[i], weights + 4 * i, sums);
            }
        }
        bins += now;
        weights += 4 * now;
        count -= now;
    }
}
