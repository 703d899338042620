// Bytes to pairs: 7 instructions for four.
#include "../pairs/conv2d_rows.h"
#include "hot.h"
#include "pairs_cpu.h"

UPYML_HOT void upyml_pack_pairs(const int8_t *x, int32_t *words, int32_t pairs) {
    for (; pairs > 1; pairs -= 2, x += 4, words += 2) {
        int32_t four = upyml_load_any(x), even = upyml_sxtb16(four), odd = upyml_sxtb16_odd(four);
        words[0] = upyml_pair_lows(even, odd);
        words[1] = upyml_pair_highs(even, odd);
    }
    if (pairs > 0) {
        *words = upyml_pair(x[0], x[1]);
    }
}
