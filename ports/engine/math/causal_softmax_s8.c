#include <string.h>

#include "attention.h"

void upyml_causal_softmax_s8(const upyml_softmax *p, int32_t rows, const int8_t *input, int8_t *output) {
    upyml_softmax seen = *p;
    seen.rows = 1;
    for (int32_t row = 0; row < p->rows; row++, input += p->classes, output += p->classes) {
        int32_t columns = row % rows + 1;
        seen.classes = columns < p->classes ? columns : p->classes;
        upyml_softmax_s8(&seen, input, output);
        memset(output + seen.classes, -128, (size_t)(p->classes - seen.classes));
    }
}
