#include "../kernels.h"

void upyml_table_s8(const uint8_t *table, const int8_t *input, int8_t *output, uint32_t count, int reverse) {
    const uint8_t *middle = table + 128;  // of input 0
    if (reverse) {
        while (count > 0) {
            count--;
            output[count] = (int8_t)middle[input[count]];
        }
        return;
    }
    for (; count & 3; count--) {
        *output++ = (int8_t)middle[*input++];
    }
    // Four at a time: on a small processor counting and branching cost as much as one value.
    for (; count > 0; count -= 4, input += 4, output += 4) {
        output[0] = (int8_t)middle[input[0]];
        output[1] = (int8_t)middle[input[1]];
        output[2] = (int8_t)middle[input[2]];
        output[3] = (int8_t)middle[input[3]];
    }
}
