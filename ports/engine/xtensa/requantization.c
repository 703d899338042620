#include "requantization.h"

int32_t upyml_requantize_plain(int32_t accumulator, const upyml_prepared *q, int32_t zero_point) {
    return upyml_add_wrapped(upyml_requantize(accumulator, q->multiplier, q->file_shift), zero_point);
}
