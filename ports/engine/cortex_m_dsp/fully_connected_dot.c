#include "pairs_cpu.h"

void upyml_fully_connected_dot(const uint8_t *weights, const int32_t *x, int32_t quads, int32_t accumulators[2]);

void upyml_fully_connected_dot(const uint8_t *weights, const int32_t *x, int32_t quads, int32_t accumulators[2]) {
    for (; quads > 0; quads--, weights += 16, x += 2) {
        for (int i = 0; i < 2; i++) {
            int32_t four = upyml_load_any(weights + 4 * i) ^ (int32_t)0x80808080;
            accumulators[i] = upyml_smladx(x[0], upyml_sxtb16(four), accumulators[i]);
            accumulators[i] = upyml_smladx(x[1], upyml_sxtb16_odd(four), accumulators[i]);
        }
    }
}
