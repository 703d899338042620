// Dense layers with weights of four bits.
#include "../requantize.h"
#include "../weights_int4.h"
#include "fully_connected_coded.h"
#include "pairs_cpu.h"

// fully_connected_int4_dot.S
void upyml_fully_connected_int4_dot(const uint8_t *weights, const int32_t *x, int32_t groups, int32_t *accumulators,
    int32_t channels);

// A block of up to four channels, at any address.
static void add_block(const uint8_t *weights, const int32_t *x, int32_t groups, int32_t *accumulators, int32_t channels) {
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

void upyml_fully_connected_add_int4(const upyml_fully_connected *p, int32_t channel, const int32_t *x, int32_t quad,
    int32_t quads, int32_t sum, int32_t *accumulators, int32_t count) {
    int32_t block_bytes = UPYML_INT4_GROUP_BYTES * upyml_int4_groups(p->in_c);
    const uint8_t *weights = p->weights + (channel >> 2) * block_bytes + UPYML_INT4_GROUP_BYTES * (quad >> 1);
    for (; count > 0; count -= 4, weights += block_bytes, accumulators += 4) {
        int32_t channels = count < 4 ? count : 4;
        for (int32_t i = 0; i < channels; i++) {
            accumulators[i] = (int32_t)((uint32_t)accumulators[i] - UPYML_INT4_BIAS * (uint32_t)sum);
        }
        add_block(weights, x, quads >> 1, accumulators, channels);
    }
}
