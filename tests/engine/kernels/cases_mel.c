// Mel energies of any samples, windows and bands at any place, and square roots: the same as by the plain kernels, nothing
// written elsewhere.
#include <string.h>

#include "random_values.h"
#include "signal/sound.h"

void plain_upyml_mel_energies(const upyml_mel *p, const uint8_t *input, uint8_t *output, uint8_t *scratch);
uint32_t plain_upyml_square_root_64(uint64_t x);

enum { CASES = 2000, ROOTS = 20000, POINTS = 128, CHANNELS = 6, MOST_WIDTH = 30, GUARD = 16 };

static uint8_t samples[2 * POINTS + 4], window[2 * POINTS + 4], table[UPYML_RFFT_TWIDDLE_BYTES(POINTS)];
static uint8_t bands[4 * (CHANNELS + 1) * (1 + MOST_WIDTH) + 4] __attribute__((aligned(4)));
static uint8_t scratch[4 * POINTS + 8 + GUARD] __attribute__((aligned(4)));

static void put(uint8_t *to, int32_t value) {
    to[0] = (uint8_t)value;
    to[1] = (uint8_t)(value >> 8);
}

static int32_t any(void) {
    return one_in(8) ? -32768 : one_in(8) ? 32767 : between(-32768, 32767);
}

static int one_frame(void) {
    upyml_mel p = {.rfft = {.points = 16 << between(0, 3), .twiddles = table}, .channels = between(1, CHANNELS)};
    int32_t bins = p.rfft.points / 2 + 1, place = one_in(3) ? 1 : 0, window_place = one_in(3) ? 1 : 0;
    int32_t band_place = one_in(4) ? between(1, 3) : 0, loud = one_in(3) ? 32767 : between(0, 400);
    int32_t weight = one_in(2) ? 4096 : one_in(2) ? 8191 : 32767, full = one_in(10);
    p.rfft.samples = between(1, p.rfft.points);
    p.first_bin = between(0, bins);
    p.end_bin = one_in(2) ? bins : between(p.first_bin, bins);
    p.window_shift = one_in(4) ? between(0, 31) : 12;
    for (int32_t i = 0; i < p.rfft.samples; i++) {
        put(samples + place + 2 * i, full ? -32768 : between(-loud - 1, loud));
        put(window + window_place + 2 * i, one_in(2) ? between(0, 4096) : any());
    }
    for (int32_t i = 0; i < UPYML_RFFT_TWIDDLE_BYTES(POINTS); i += 2) {
        put(table + i, any());
    }
    uint8_t *at = bands + band_place, *weights = at + 4 * (p.channels + 1);
    for (int32_t band = 0; band <= p.channels; band++) {
        int32_t width = between(0, bins < MOST_WIDTH ? bins : MOST_WIDTH);
        put(at + 4 * band, between(0, bins - width));
        put(at + 4 * band + 2, width);
        for (; width; width--, weights += 4) {
            put(weights, between(one_in(9) ? -weight : 0, weight));
            put(weights + 2, between(0, weight));
        }
    }
    p.window = window + window_place;
    p.bands = at;
    uint32_t output[CHANNELS + 1], expected[CHANNELS + 1];
    memset(output, 85, sizeof output);
    memset(expected, 85, sizeof expected);
    plain_upyml_mel_energies(&p, samples + place, (uint8_t *)expected, scratch);
    uint32_t size = upyml_mel_scratch_size(&p);
    memset(scratch, 85, sizeof scratch);
    upyml_mel_energies(&p, samples + place, (uint8_t *)output, scratch);
    for (int i = 0; i < GUARD; i++) {
        if (scratch[size + (uint32_t)i] != 85) {
            rig_print("writes behind its scratch\n");
            return 0;
        }
    }
    return memcmp(output, expected, sizeof output) == 0;
}

static int one_root(void) {
    uint64_t x = ((uint64_t)(uint32_t)rig_random() << 32 | (uint32_t)rig_random()) >> between(0, 63);
    if (one_in(3)) {  // about a square, where rounding turns
        uint64_t root = x >> 32;
        x = root * root + root + (uint64_t)(int64_t)between(-2, 2);
    }
    x = one_in(200) ? UINT64_MAX - (uint64_t)between(0, 2) : x;
    return upyml_square_root_64(x) == plain_upyml_square_root_64(x);
}

int32_t cases(void) {
    for (int32_t i = 0; i < ROOTS; i++) {
        if (!one_root()) {
            rig_print("a square root: ");
            return 0;
        }
    }
    int32_t passed = 0;
    while (passed < CASES && one_frame()) {
        passed++;
    }
    return passed;
}
