// FFTs of any samples, with any table at any place: the same bytes as by the plain passes, none written elsewhere.
#include <string.h>

#include "random_values.h"
#include "signal/rfft.h"

void plain_upyml_rfft_s16(const upyml_rfft *p, const uint8_t *input, int16_t *output);

enum { CASES = 2000, MOST = 512, GUARD = 8 };

static uint8_t samples[2 * MOST + 4], table[UPYML_RFFT_TWIDDLE_BYTES(MOST) + 4];
static int16_t output[MOST + 2 + 2 * GUARD] __attribute__((aligned(4))), expected[MOST + 2] __attribute__((aligned(4)));

static int32_t sample(int32_t kind) {
    switch (kind) {
        case 0:
            return one_in(2) ? -32768 : 32767;
        case 1:
            return -32768;
        case 2:
            return between(-9, 9);
        default:
            return between(-32768, 32767);
    }
}

static int one_fft(void) {
    upyml_rfft p = {.points = 16 << between(0, 5)};
    p.samples = one_in(4) ? between(1, p.points) : p.points;
    int32_t kind = between(0, 3), place = one_in(2) ? 0 : between(0, 3), table_place = one_in(3) ? between(1, 3) : 0;
    int32_t wild = one_in(3);  // else as large as factors are
    for (int32_t i = 0; i < p.samples; i++) {
        int32_t value = sample(kind);
        samples[place + 2 * i] = (uint8_t)value;
        samples[place + 2 * i + 1] = (uint8_t)(value >> 8);
    }
    for (int32_t i = 0; i < UPYML_RFFT_TWIDDLE_BYTES(p.points); i += 2) {
        int32_t value = wild ? sample(0) : between(-32767, 32767);
        table[table_place + i] = (uint8_t)value;
        table[table_place + i + 1] = (uint8_t)(value >> 8);
    }
    p.twiddles = table + table_place;
    memset(output, 85, sizeof output);
    plain_upyml_rfft_s16(&p, samples + place, expected);
    upyml_rfft_s16(&p, samples + place, output + GUARD);
    int good = memcmp(output + GUARD, expected, 2 * (size_t)(p.points + 2)) == 0;
    for (int32_t i = 0; i < GUARD; i++) {
        good = good && output[i] == 0x5555 && output[GUARD + p.points + 2 + i] == 0x5555;
    }
    if (!good) {
        rig_print("points, samples, kind, places: ");
        const int32_t values[] = {p.points, p.samples, kind, place, table_place};
        for (int i = 0; i < 5; i++) {
            rig_number(values[i]);
            rig_print(" ");
        }
        rig_print("\n");
    }
    return good;
}

int32_t cases(void) {
    int32_t passed = 0;
    while (passed < CASES && one_fft()) {
        passed++;
    }
    return passed;
}
