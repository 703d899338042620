// Natural logarithms of integers, as TensorFlow Lite Micro's SignalFilterBankLog.
#include "../load.h"
#include "sound.h"

// log2(1 + f) - f in 1 / 65536 at f = 0, 1/128, 2/128 ... 1.
static const uint16_t EXCESS[129] = {
    0, 224, 442, 654, 861, 1063, 1259, 1450, 1636, 1817, 1992, 2163, 2329, 2490, 2646, 2797, 2944, 3087, 3224, 3358, 3487,
    3611, 3732, 3848, 3960, 4068, 4172, 4272, 4368, 4460, 4549, 4633, 4714, 4791, 4864, 4934, 5001, 5063, 5123, 5178, 5231,
    5280, 5326, 5368, 5408, 5444, 5477, 5507, 5533, 5557, 5578, 5595, 5610, 5622, 5631, 5637, 5640, 5641, 5638, 5633, 5626,
    5615, 5602, 5586, 5568, 5547, 5524, 5498, 5470, 5439, 5406, 5370, 5332, 5291, 5249, 5203, 5156, 5106, 5054, 5000, 4944,
    4885, 4825, 4762, 4697, 4630, 4561, 4490, 4416, 4341, 4264, 4184, 4103, 4020, 3935, 3848, 3759, 3668, 3575, 3481, 3384,
    3286, 3186, 3084, 2981, 2875, 2768, 2659, 2549, 2437, 2323, 2207, 2090, 1971, 1851, 1729, 1605, 1480, 1353, 1224, 1094,
    963, 830, 695, 559, 421, 282, 142, 0,
};

enum { LN_2 = 45426 };  // in 1 / 65536

// x: at least 2. TensorFlow Lite Micro's arithmetic wraps at 32 bits.
static uint32_t logarithm(uint32_t x, uint32_t scale) {
    int exponent = upyml_bits_of(x) - 1;
    uint32_t fraction = x - (1u << exponent);
    fraction = exponent < 16 ? fraction << (16 - exponent) : fraction >> (exponent - 16);
    uint32_t segment = fraction >> 9;
    int32_t low = EXCESS[segment], high = EXCESS[segment + 1];
    int32_t excess = low + ((high - low) * (int32_t)(fraction & 511) >> 16);
    uint32_t log2 = ((uint32_t)exponent << 16) + (uint32_t)((int32_t)fraction + excess);
    uint32_t natural = (uint32_t)(((uint64_t)LN_2 * log2 + 32768) >> 16);
    return (scale * natural + 32768) >> 16;
}

void upyml_log_energies(uint32_t output_scale, int correction_bits, const uint8_t *input, uint8_t *output, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        uint32_t x = upyml_load32(input + 4 * i) << correction_bits;
        uint32_t y = x > 1 ? logarithm(x, output_scale) : 0;
        upyml_store16(output + 2 * i, y < INT16_MAX ? y : INT16_MAX);
    }
}
