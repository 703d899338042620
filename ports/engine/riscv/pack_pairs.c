#include "../pairs/conv2d_rows.h"
#include "pairs_cpu.h"

enum { TURN = 8 };  // pairs

// 2.7 instructions a value.
void upyml_pack_pairs(const int8_t *x, int32_t *words, int32_t pairs) {
    const int32_t *end = words + pairs, *turns_end = words + (pairs & -TURN);
    while (words < turns_end) {
#pragma GCC unroll 8
        for (int32_t i = 0; i < TURN; i++) {
            words[i] = upyml_pair(x[2 * i], x[2 * i + 1]);
        }
        words += TURN;
        x += 2 * TURN;
    }
    for (; words < end; x += 2) {
        *words++ = upyml_pair(x[0], x[1]);
    }
}
