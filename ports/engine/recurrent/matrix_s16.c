#include "matrix.h"

void upyml_matrix_s16(const upyml_matrix *m, int32_t first, int32_t end, const int8_t *x, int16_t *y, int32_t *packed) {
    (void)packed;
    upyml_matrix_by_bytes(m, first, end, x, y);
}
