// FFT of real int16 samples, by 16 to 2048 points, scaled by 1 / points.
#ifndef UPYML_RFFT_H
#define UPYML_RFFT_H

#include <stdint.h>

enum { UPYML_RFFT_LEAST = 16, UPYML_RFFT_MOST = 2048 };  // points, a power of two

// Bytes of the table of twiddles for a number of points: words of real part (low half) and imaginary part in Q15. First
// w^k of the FFT of points / 2 complex numbers, w = exp(-2 pi i / (points / 2)), for k in [0, 3 / 8 points); then
// -i exp(-2 pi i k / points) for k in [1, points / 4], which part the spectrum of the real samples from it.
#define UPYML_RFFT_TWIDDLE_BYTES(points) ((points) / 2 * 5)

typedef struct {
    int32_t points;
    int32_t samples;  // that there are, at most `points`; zeros stand for the others
    const uint8_t *twiddles;  // of any alignment; on a multiple of 4 bytes it is fast
} upyml_rfft;

static inline int upyml_rfft_points_fit(int32_t points) {
    return points >= UPYML_RFFT_LEAST && points <= UPYML_RFFT_MOST && (points & (points - 1)) == 0;
}

// input: int16 samples at any address. output: points / 2 + 1 pairs of int16 (real, imaginary), on a multiple of 4 bytes,
// apart from the input: X[k] = 1 / points * sum of x[t] exp(-2 pi i k t / points). No scratch.
// Gives the bytes that kissfft gives in fixed point with 16 bits (so TFLite Micro's op SignalRfft): see rfft.c.
void upyml_rfft_s16(const upyml_rfft *p, const uint8_t *input, int16_t *output);

// The parts of it that have kernels of their own, see rfft_passes.c. z: `count` = points / 2 complex numbers, in place.
void upyml_rfft_pass(int16_t *z, int32_t count, int32_t span, const uint8_t *twiddles);
void upyml_rfft_split(int16_t *z, int32_t count, const uint8_t *twiddles);

#endif
