#include "../pairs/conv2d_rows.h"
#include "pairs_cpu.h"

// 2.9 instructions a value.
void upyml_pack_pairs(const int8_t *x, int32_t *words, int32_t pairs) {
    for (const int32_t *end = words + (pairs & ~3); words < end; words += 4, x += 8) {
        words[0] = upyml_pair(x[0], x[1]);
        words[1] = upyml_pair(x[2], x[3]);
        words[2] = upyml_pair(x[4], x[5]);
        words[3] = upyml_pair(x[6], x[7]);
    }
    for (pairs &= 3; pairs > 0; pairs--, x += 2) {
        *words++ = upyml_pair(x[0], x[1]);
    }
}
