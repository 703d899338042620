#include "../kernels.h"

void upyml_table_s8(const uint8_t *table, const int8_t *input, int8_t *output, uint32_t count, int reverse) {
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = reverse ? count - 1 - i : i;
        output[at] = (int8_t)table[input[at] + 128];
    }
}
