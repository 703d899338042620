#include <string.h>

#include "attention.h"

void upyml_masked_softmax_s8(const upyml_softmax *p, const upyml_band *band, const int8_t *input, int8_t *output) {
    upyml_softmax seen = *p;
    seen.rows = 1;
    int32_t n = p->classes;
    for (int32_t row = 0; row < p->rows; row++, input += n, output += n) {
        int32_t at = row % band->rows;
        int32_t first = at > band->before ? at - band->before : 0;
        int32_t end = at + band->after < n ? at + band->after + 1 : n;
        first = first < n ? first : n;
        memset(output, -128, (size_t)first);
        seen.classes = end - first;
        if (seen.classes > 0) {
            upyml_softmax_s8(&seen, input + first, output + first);
        }
        memset(output + end, -128, (size_t)(n - end));
    }
}
