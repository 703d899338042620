// From a frame of samples to the energies of its bands, as TensorFlow Lite Micro's SignalWindow, SignalFftAutoScale,
// SignalRfft, SignalEnergy, SignalFilterBank and SignalFilterBankSquareRoot compute them one after another.
#include "../load.h"
#include "sound.h"

// Adds up a band, without those of its bins that count as 0.
static void add_band(const upyml_mel *p, const uint32_t *spectrum, int32_t first, int32_t width, const uint8_t *weights,
    upyml_mel_sum *sums) {
    int32_t from = first > p->first_bin ? first : p->first_bin;
    int32_t to = first + width < p->end_bin ? first + width : p->end_bin;
    if (from < to) {
        upyml_mel_band(spectrum + from, to - from, weights + 4 * (from - first), sums);
    }
}

void upyml_mel_energies(const upyml_mel *p, const uint8_t *input, uint8_t *output, uint8_t *scratch) {
    int16_t *samples = (int16_t *)scratch;
    uint32_t *spectrum = (uint32_t *)(scratch + 4 * ((p->rfft.samples + 1) / 2));
    int shift = upyml_mel_window(p, input, samples);
    upyml_rfft_s16(&p->rfft, (const uint8_t *)samples, (int16_t *)spectrum);
    const uint8_t *band = p->bands, *weights = p->bands + 4 * (p->channels + 1);
    upyml_mel_sum sums[2] = {{0, 0}, {0, 0}};
    for (int32_t channel = -1; channel < p->channels; channel++, band += 4) {
        int32_t width = (int32_t)upyml_load16(band + 2);
        add_band(p, spectrum, (int32_t)upyml_load16(band), width, weights, sums);
        weights += 4 * width;
        if (channel >= 0) {
            uint64_t sum = (uint64_t)sums[0].low + ((uint64_t)sums[0].high << 16);
            upyml_store32(output + 4 * channel, upyml_square_root_64(sum) >> shift);
        }
        sums[0] = sums[1];
        sums[1].low = sums[1].high = 0;
    }
}
