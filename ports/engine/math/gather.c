#include <string.h>

#include "../load.h"
#include "../requantize.h"
#include "attention.h"

static int32_t index_at(const upyml_gather *p, const uint8_t *indices, int32_t i) {
    switch (p->dtype) {
        case UPYML_DTYPE_INT8:
            return (int8_t)indices[i];
        case UPYML_DTYPE_UINT8:
            return indices[i];
        case UPYML_DTYPE_INT16:
            return upyml_load_int16(indices + 2 * i);
        default:
            return upyml_load_int32(indices + 4 * i);
    }
}

void upyml_gather_rows(const upyml_gather *p, const uint8_t *input, const uint8_t *indices, uint8_t *output) {
    for (int32_t outer = 0; outer < p->outer; outer++) {
        for (int32_t i = 0; i < p->indices; i++, output += p->bytes) {
            int32_t row = index_at(p, indices, i);
            row = p->zero_point ? row - p->zero_point : row;  // an INT32 has none
            row = upyml_clamp(row, 0, p->count - 1);
            memmove(output, input + row * p->bytes, (size_t)p->bytes);
        }
        input += p->count * p->bytes;
    }
}
