// From a frame of samples to the energies of its bands, as TensorFlow Lite Micro's SignalWindow, SignalFftAutoScale,
// SignalRfft, SignalEnergy, SignalFilterBank and SignalFilterBankSquareRoot compute them one after another.
#include "../load.h"
#include "sound.h"

static int32_t load_int16(const uint8_t *p) {
    return (int16_t)upyml_load16(p);
}

// Writes the samples times the window; answers the largest magnitude, as TensorFlow Lite Micro finds it: that of -32768 is
// 32768 modulo 2^16, and so less than any that comes after it.
static int32_t apply_window(const upyml_mel *p, const uint8_t *input, int16_t *output) {
    int32_t most = 0;
    for (int32_t i = 0; i < p->rfft.samples; i++) {
        int32_t x = load_int16(input + 2 * i) * load_int16(p->window + 2 * i) >> p->window_shift;
        x = x < INT16_MIN ? INT16_MIN : x > INT16_MAX ? INT16_MAX : x;
        output[i] = (int16_t)x;
        x = x > most ? x : -x;
        most = x > most ? (int16_t)x : most;
    }
    return most;
}

// Fills 16 bits; answers by how many bits the samples were shifted. Where that maximum is 0 or less nothing is.
static int scale_up(int16_t *samples, int32_t count, int32_t most) {
    int shift = 15 - upyml_bits_of((uint32_t)most);
    if (most <= 0 || shift == 0) {
        return 0;
    }
    for (int32_t i = 0; i < count; i++) {
        samples[i] = (int16_t)(samples[i] * (1 << shift));
    }
    return shift;
}

// In place: complex int16 become u32.
static void energies(const upyml_mel *p, uint32_t *spectrum) {
    const int16_t *z = (const int16_t *)spectrum;
    for (int32_t bin = 0; bin <= p->rfft.points / 2; bin++) {
        int32_t re = z[2 * bin], im = z[2 * bin + 1];
        int inside = bin >= p->first_bin && bin < p->end_bin;
        spectrum[bin] = inside ? (uint32_t)(re * re) + (uint32_t)(im * im) : 0;
    }
}

// A sum of weights times energies, the halves of these apart: a product of 16 with 16 bits is cheap where one of 32 with 32 is
// not.
typedef struct {
    int64_t low, high;
} halves;

static void add_product(halves *sum, const uint8_t *weight, uint32_t energy) {
    int32_t w = load_int16(weight);
    sum->low += w * (int32_t)(energy & 0xffff);
    sum->high += w * (int32_t)(energy >> 16);
}

static uint64_t whole(const halves *sum) {
    return (uint64_t)sum->low + ((uint64_t)sum->high << 16);
}

void upyml_mel_energies(const upyml_mel *p, const uint8_t *input, uint8_t *output, uint8_t *scratch) {
    int16_t *samples = (int16_t *)scratch;
    uint32_t *spectrum = (uint32_t *)(scratch + 4 * ((p->rfft.samples + 1) / 2));
    int shift = scale_up(samples, p->rfft.samples, apply_window(p, input, samples));
    upyml_rfft_s16(&p->rfft, (const uint8_t *)samples, (int16_t *)spectrum);
    energies(p, spectrum);
    const uint8_t *band = p->bands, *weights = p->bands + 4 * (p->channels + 1);
    halves sum = {0, 0};
    for (int32_t channel = -1; channel < p->channels; channel++, band += 4) {
        const uint32_t *bin = spectrum + upyml_load16(band);
        halves rest = {0, 0};
        for (int32_t width = (int32_t)upyml_load16(band + 2); width; width--, bin++, weights += 4) {
            add_product(&sum, weights, *bin);
            add_product(&rest, weights + 2, *bin);
        }
        if (channel >= 0) {
            upyml_store32(output + 4 * channel, upyml_square_root_64(whole(&sum)) >> shift);
        }
        sum = rest;
    }
}
