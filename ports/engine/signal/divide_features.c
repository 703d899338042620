// Features as int8, as the arithmetic on int32 at the end of TensorFlow Lite Micro's audio preprocessor makes them.
#include "../load.h"
#include "sound.h"

void upyml_divide_features(const upyml_division *p, const uint8_t *input, int8_t *output, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        uint32_t x = (uint32_t)(int16_t)upyml_load16(input + 2 * i);
        int32_t quotient = (int32_t)(x * p->multiplier + p->addend) / p->divisor;
        int32_t y = (int32_t)((uint32_t)quotient + p->zero_point);
        output[i] = (int8_t)(y < INT8_MIN ? INT8_MIN : y > INT8_MAX ? INT8_MAX : y);
    }
}
