// Features of sound: the front end that TensorFlow Lite Micro's signal ops make up together, in three ops.
#ifndef UPYML_SOUND_H
#define UPYML_SOUND_H

#include "../families.h"
#include "../load.h"
#include "rfft.h"

int upyml_check_sound(const uint8_t *file, const upyml_op *op, const upyml_tensor *y, uint32_t *scratch);
void upyml_run_sound(upyml_step *s);

// Of a frame of samples: windowed, scaled up to fill 16 bits, its spectrum's energies added up in bands that overlap by
// half, square roots of the sums, scaled down again.
typedef struct {
    upyml_rfft rfft;  // samples: those of a frame
    int32_t hop, channels;
    int32_t first_bin, end_bin;  // bins outside count as 0
    int window_shift;
    const uint8_t *window;  // int16 of each sample of a frame
    const uint8_t *bands;  // channels + 1 times u16 first bin, u16 width; then of each band's bins int16 weight, int16 rest
} upyml_mel;

// Band b adds each bin's energy times weight to channel b - 1 and times rest to channel b; there are no channels -1 and
// `channels`. input: int16 samples; output: u32 of each channel; scratch: on a multiple of 4 bytes, see below.
void upyml_mel_energies(const upyml_mel *p, const uint8_t *input, uint8_t *output, uint8_t *scratch);

static inline uint32_t upyml_mel_scratch_size(const upyml_mel *p) {
    return 4 * (((uint32_t)p->rfft.samples + 1) / 2) + 4 * ((uint32_t)p->rfft.points / 2 + 1);
}

// The parts of it that have kernels of their own, see mel_frame.c. A frame's samples times the window, scaled up; answers by how
// many bits. output: on a multiple of 4 bytes, has room for an even number of samples.
int upyml_mel_window(const upyml_mel *p, const uint8_t *input, int16_t *output);

// A sum of weights times energies, the halves of these apart: a product of 16 with 16 bits is cheap where one of 32 with 32 is
// not.
typedef struct {
    int64_t low, high;
} upyml_mel_sum;

// Of `count` bins, each complex int16 in a word: energy times weight added up in sums[0], times rest in sums[1].
void upyml_mel_band(const uint32_t *bins, int32_t count, const uint8_t *weights, upyml_mel_sum *sums);

static inline void upyml_mel_bin(uint32_t bin, const uint8_t *weights, upyml_mel_sum *sums) {
    int32_t re = (int16_t)bin, im = (int16_t)(bin >> 16);
    uint32_t energy = (uint32_t)(re * re) + (uint32_t)(im * im);
    for (int i = 0; i < 2; i++) {
        int32_t weight = upyml_load_int16(weights + 2 * i);
        sums[i].low += weight * (int32_t)(energy & 0xffff);
        sums[i].high += weight * (int32_t)(energy >> 16);
    }
}

// The largest magnitude with one sample more, as TensorFlow Lite Micro finds it: that of -32768 is 32768 modulo 2^16, and so
// less than any that comes after it.
static inline int32_t upyml_mel_most(int32_t most, int32_t sample) {
    sample = sample > most ? sample : -sample;
    return sample > most ? (int16_t)sample : most;
}

// The square root, rounded to the nearest; below 2^32, where 16 bits hold it, at most 65535.
uint32_t upyml_square_root_64(uint64_t x);

// Takes an estimate of the noise, which is a slow mean of each channel, off the channels; with a table of gains, divides
// what is left by a power of the estimate (per-channel energy normalization).
typedef struct {
    int32_t channels;
    uint32_t smoothing[2], one_minus_smoothing[2];  // of even and odd channels
    uint32_t min_signal_remaining;
    int bits, smoothing_bits, clamping, snr_shift;
    const uint8_t *gains;  // or NULL
} upyml_noise_reduction;

// input, output: u32 of each channel, may be the same. estimates: u32 of each, kept from frame to frame, 0 at first.
void upyml_reduce_noise(const upyml_noise_reduction *p, const uint8_t *input, uint8_t *estimates, uint8_t *output);

// output: int16 natural logarithms of u32 << correction_bits, in 1 / output_scale; 0 for up to 1.
void upyml_log_energies(uint32_t output_scale, int correction_bits, const uint8_t *input, uint8_t *output, uint32_t count);

// Features as int8: (x * multiplier + addend) / divisor, rounded towards 0, + zero_point, clamped. All wraps at 32 bits.
typedef struct {
    uint32_t multiplier, addend, zero_point;
    int32_t divisor;  // at least 1
} upyml_division;

void upyml_divide_features(const upyml_division *p, const uint8_t *input, int8_t *output, uint32_t count);

// Bits up to the highest that is 1; 0 for 0.
static inline int upyml_bits_of(uint32_t x) {
    int bits = 0;
    for (; x >> 8; x >>= 8) {
        bits += 8;
    }
    for (; x; x >>= 1) {
        bits++;
    }
    return bits;
}

// By how many bits samples are shifted to fill 16 bits. most: the largest magnitude; where that is 0 or less it is none.
static inline int upyml_mel_shift(int32_t most) {
    return most > 0 ? 15 - upyml_bits_of((uint32_t)most) : 0;
}

#endif
