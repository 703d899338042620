// A recurrent layer's matrix of any size, from any block of channels on, weights and channels on any byte: the same int16 sums
// as the plain kernel makes, and none beside them.
#include <string.h>

#include "coded_weights.h"
#include "recurrent/recurrent.h"
#include "rig.h"

void plain_upyml_matrix_s16(const upyml_matrix *m, int32_t first, int32_t end, const int8_t *x, int16_t *y,
    int32_t *packed);

enum { CASES = 3000, MAX_INPUTS = 80, MAX_OUTPUTS = 100, GUARD = 4 };

static int8_t input[MAX_INPUTS + 4], values[MAX_INPUTS * MAX_OUTPUTS];
static uint8_t weights[(MAX_INPUTS + 4) * (MAX_OUTPUTS + 4) + 4], channels[(MAX_OUTPUTS + 4) * 10 + 4];
static int16_t expected[MAX_OUTPUTS + GUARD], found[MAX_OUTPUTS + GUARD];
static int32_t packed[UPYML_PACKED(MAX_INPUTS) / 4 + GUARD];

static void random_matrix(upyml_matrix *m) {
    m->in_c = one_in(3) ? between(1, 8) : between(1, MAX_INPUTS);
    m->out_c = one_in(2) ? between(1, 20) : between(1, MAX_OUTPUTS);
    int32_t odd = one_in(4), wraps = one_in(12), four = (m->out_c + 3) & ~3;
    uint8_t *own = weights + (odd ? between(0, 3) : 0), *c = channels + (odd ? between(0, 3) : 0);
    integers w = {values, m->out_c, 1, m->in_c};
    random_integers(&w, UPYML_CODING_INT8);
    pack_weights(&w, UPYML_CODING_INT8, own);
    m->weights = own;
    m->channels = c;
    for (int32_t i = 0; i < four; i++) {
        store(c + 4 * i, wraps ? (int32_t)rig_random() : between(-20000, 20000));
        store(c + 4 * (four + i), one_in(12) ? one_in(3) ? 0 : (int32_t)rig_random() : between(1 << 30, INT32_MAX));
        c[8 * four + i] = (uint8_t)(one_in(4) ? between(-31, 30) : between(-4, 1));  // shift
        c[9 * four + i] = 32;  // bits
    }
}

int32_t cases(void) {
    for (int32_t passed = 0; passed < CASES; passed++) {
        upyml_matrix m;
        random_matrix(&m);
        int32_t start = between(0, 3), first = one_in(2) ? 0 : between(0, m.out_c - 1) & ~3, end = between(first + 1, m.out_c);
        for (int32_t i = 0; i < m.in_c; i++) {
            input[start + i] = (int8_t)(one_in(4) ? (one_in(2) ? -128 : 127) : between(-128, 127));
        }
        for (int32_t i = 0; i < MAX_OUTPUTS + GUARD; i++) {
            expected[i] = found[i] = (int16_t)(i * 77);
        }
        int32_t used = UPYML_PACKED(m.in_c) / 4;
        packed[used] = 12345;
        plain_upyml_matrix_s16(&m, first, end, input + start, expected, NULL);
        upyml_matrix_s16(&m, first, end, input + start, found, packed);
        if (memcmp(expected, found, sizeof found) != 0 || packed[used] != 12345) {
            rig_print("in_c, out_c, first, end: ");
            const int32_t sizes[] = {m.in_c, m.out_c, first, end};
            for (int i = 0; i < 4; i++) {
                rig_number(sizes[i]);
                rig_print(" ");
            }
            rig_print("\n");
            return passed;
        }
    }
    return CASES;
}
