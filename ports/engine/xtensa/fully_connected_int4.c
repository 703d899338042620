#include "../requantize.h"
#include "../weights_int4.h"
#include "fully_connected_coded.h"
#include "pairs_cpu.h"

// fully_connected_int4_dot.S
void upyml_fully_connected_int4_dot(const uint8_t *weights, const int32_t *x, int32_t groups, int32_t *accumulators,
    int32_t channels);

void upyml_fully_connected_add_int4(const uint8_t *weights, const int32_t *x, int32_t groups, int32_t *accumulators,
    int32_t channels) {
    if (((uintptr_t)weights & 3) == 0) {
        upyml_fully_connected_int4_dot(weights, x, groups, accumulators, channels);
        return;
    }
    for (int32_t k = 0; k < UPYML_INT4_GROUP * groups; k++) {
        int32_t value = upyml_of_pair(x[k >> 1], k & 1);
        for (int channel = 0; channel < channels; channel++) {
            int32_t product = value * (upyml_weight_int4(weights, k, channel) + UPYML_INT4_BIAS);
            accumulators[channel] = upyml_add_wrapped(accumulators[channel], product);
        }
    }
}
