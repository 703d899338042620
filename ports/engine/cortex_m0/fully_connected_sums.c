// What sums of coded weights start from, and what becomes of them.
#include "../pairs/load_word.h"
#include "fully_connected_coded.h"
#include "requantization.h"

void upyml_start_sums(const upyml_channels *c, int32_t channel, int32_t *accumulators, int32_t count) {
    const uint8_t *bias = c->bias + 4 * channel;
    if (((uintptr_t)bias & 3) == 0) {
        for (int32_t i = 0; i < count; i++) {
            accumulators[i] = ((const int32_t *)(const void *)bias)[i];
        }
        return;
    }
    for (int32_t i = 0; i < count; i++) {
        accumulators[i] = upyml_load_int32(bias + 4 * i);
    }
}

void upyml_requantize_sums(const upyml_fully_connected *p, const upyml_channels *c, int32_t channel,
    const int32_t *accumulators, int32_t count, int8_t *output) {
    if (c->step) {
        upyml_requantize_each(p, c, channel, accumulators, count, output);
        return;
    }
    upyml_prepared q;
    upyml_prepare(&q, upyml_load_word(c->multipliers), c->shifts[0], c->bits[0], p->out_zero_point, p->clamp_min,
        p->clamp_max);
    upyml_requantize_prepared(accumulators, output + channel, &q, count, 4, 1);
}
