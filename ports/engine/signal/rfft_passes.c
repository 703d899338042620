// The passes of the FFT over numbers in memory.
#include "fft_number.h"
#include "load.h"
#include "rfft.h"

enum { HALF = 16383, QUARTER = 8191 };

static upyml_complex turn(const uint8_t *twiddles, int32_t place) {
    upyml_complex w = {(int16_t)upyml_load16(twiddles + 4 * place), (int16_t)upyml_load16(twiddles + 4 * place + 2)};
    return w;
}

// One stage of radix 4: of each 4 * span numbers, number k of each quarter makes number k of each quarter. The first one's
// factors are 1 whatever the table says: twiddle 0 is never read.
void upyml_rfft_pass(int16_t *z, int32_t count, int32_t span, const uint8_t *twiddles) {
    int32_t step = count / (4 * span);
    for (int32_t group = 0; group < step; group++) {
        for (int32_t k = 0; k < span; k++) {
            int16_t *z0 = z + 2 * (4 * group * span + k), *z1 = z0 + 2 * span, *z2 = z1 + 2 * span, *z3 = z2 + 2 * span;
            upyml_complex a = upyml_fft_scaled(z0, QUARTER), b = upyml_fft_scaled(z1, QUARTER);
            upyml_complex c = upyml_fft_scaled(z2, QUARTER), d = upyml_fft_scaled(z3, QUARTER);
            if (k > 0) {
                b = upyml_fft_product(b, turn(twiddles, k * step));
                c = upyml_fft_product(c, turn(twiddles, 2 * k * step));
                d = upyml_fft_product(d, turn(twiddles, 3 * k * step));
            }
            upyml_fft_sums(a, b, c, d, z0, z1, z2, z3);
        }
    }
}

// The first bin and the last one, of which both are real.
static void split_constant(int16_t *z, int32_t count) {
    upyml_complex constant = upyml_fft_scaled(z, HALF);
    upyml_fft_store(z, constant.re + constant.im, 0);
    upyml_fft_store(z + 2 * count, constant.re - constant.im, 0);
}

// From the FFT z of e + i o, of which e are the even samples and o the odd ones, to that of both in turn: with the sum e' and
// the difference o' of z[k] and the conjugate of z[count - k], bins k and count - k are e' +- w o'. twiddles: those from k = 1 on.
void upyml_rfft_split(int16_t *z, int32_t count, const uint8_t *twiddles) {
    split_constant(z, count);
    for (int32_t k = 1; k <= count / 2; k++) {
        int16_t *low = z + 2 * k, *high = z + 2 * (count - k);
        int16_t conjugate[2] = {high[0], (int16_t)-high[1]};
        upyml_complex a = upyml_fft_scaled(low, HALF), b = upyml_fft_scaled(conjugate, HALF);
        upyml_complex sum = {(int16_t)(a.re + b.re), (int16_t)(a.im + b.im)};
        upyml_complex difference = {(int16_t)(a.re - b.re), (int16_t)(a.im - b.im)};
        upyml_complex odd = upyml_fft_product(difference, turn(twiddles, k - 1));
        upyml_fft_store(low, (sum.re + odd.re) >> 1, (sum.im + odd.im) >> 1);
        upyml_fft_store(high, (sum.re - odd.re) >> 1, (odd.im - sum.im) >> 1);  // the same place where k is count / 2
    }
}
