// Spectral subtraction and gain control, as TensorFlow Lite Micro's SignalFilterBankSpectralSubtraction and SignalPCAN.
#include "../load.h"
#include "sound.h"

enum { SNR_BITS = 12, OUTPUT_BITS = 6 };

// x * y in 64 bits. y has 16 bits in all usual files, and then two multiplications of 32 bits do, which a Cortex-M0+ has.
static uint64_t product(uint32_t x, uint32_t y) {
    if (y >> 16) {
        return (uint64_t)x * y;
    }
    return ((uint64_t)((x >> 16) * y) << 16) + (x & 0xffff) * y;
}

// A function of a u32 by parabolas, one between each two powers of two: three int16 and a filler each, after the values at 0 and 1.
static int32_t gain_at(const uint8_t *gains, uint32_t x) {
    if (x <= 2) {
        return upyml_load_int16(gains + 2 * x);
    }
    int bits = upyml_bits_of(x);
    const uint8_t *part = gains + 2 * (4 * bits - 6);
    int32_t fraction = (int32_t)((bits < 11 ? x << (11 - bits) : x >> (bits - 11)) & 0x3ff);
    int32_t y = upyml_load_int16(part + 4) * fraction >> 5;
    y = (int32_t)((uint32_t)y + ((uint32_t)upyml_load_int16(part + 2) << 5));
    y = (int32_t)((uint32_t)y * (uint32_t)fraction + (1 << 14)) >> 15;
    return (int16_t)(y + upyml_load_int16(part));
}

// x^2 / 4 below 2, x - 1 from there on.
static uint32_t shrunk(uint32_t x) {
    if (x < 2u << SNR_BITS) {
        return x * x >> (2 + 2 * SNR_BITS - OUTPUT_BITS);
    }
    return (x >> (SNR_BITS - OUTPUT_BITS)) - (1u << OUTPUT_BITS);
}

void upyml_reduce_noise(const upyml_noise_reduction *p, const uint8_t *input, uint8_t *estimates, uint8_t *output) {
    for (int32_t i = 0; i < p->channels; i++) {
        uint32_t x = upyml_load32(input + 4 * i), signal = x << p->smoothing_bits;
        uint32_t estimate = (uint32_t)((product(signal, p->smoothing[i & 1])
            + product(upyml_load32(estimates + 4 * i), p->one_minus_smoothing[i & 1])) >> p->bits);
        uint32_t noise = estimate < signal ? estimate : signal;
        estimate = p->clamping ? noise : estimate;
        upyml_store32(estimates + 4 * i, estimate);
        uint32_t least = (uint32_t)(product(x, p->min_signal_remaining) >> p->bits);
        uint32_t left = (signal - noise) >> p->smoothing_bits;
        left = left > least ? left : least;
        if (p->gains) {
            left = shrunk((uint32_t)(product(left, (uint32_t)gain_at(p->gains, estimate)) >> p->snr_shift));
        }
        upyml_store32(output + 4 * i, left);
    }
}
