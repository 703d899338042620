// A fully connected layer: 16 channels at a time, from input and weights as they are. Weights are taken with their bias
// of 128, and 128 times the sum of the inputs is taken off again.
#include <string.h>

#include "../kernels.h"
#include "../ops.h"
#include "../weights.h"
#include "../weights_int4.h"
#include "fully_connected_coded.h"
#include "requantization.h"

enum { CHANNELS = 16 };

void upyml_fully_connected_dots(const uint8_t *const blocks[4], const int8_t *x, int32_t quads, const int32_t *bias,
    int32_t too_much, int32_t accumulators[CHANNELS]);

static int32_t sum(const int8_t *x, int32_t count) {
    int32_t made = 0;
    for (const int8_t *fours_end = x + (count & ~3); x < fours_end; x += 4) {
        made += x[0] + x[1] + x[2] + x[3];
    }
    for (int32_t i = 0; i < (count & 3); i++) {
        made += x[i];
    }
    return made;
}

// Channels from `channel` on. Blocks that there are not are stood for by the last one.
static void make_channels(const upyml_fully_connected *p, const uint8_t *bias, const int8_t *x, int32_t channel,
    int32_t count, int32_t too_much, int32_t accumulators[CHANNELS]) {
    int32_t quads = (p->in_c + 3) >> 2, whole = p->in_c >> 2, block_bytes = 16 * quads;
    const uint8_t *blocks[4], *block = p->weights + (channel >> 2) * block_bytes;
    for (int32_t i = 0; i < 4; i++) {
        blocks[i] = block;
        block += 4 * i + 4 < count ? block_bytes : 0;
    }
    bias += 4 * channel;
    const int32_t *words = (const int32_t *)(const void *)bias;
    if (count <= CHANNELS - 4 || ((uintptr_t)bias & 3) != 0) {
        for (int32_t i = 0; i < count; i++) {
            accumulators[i] = upyml_load_int32(bias + 4 * i);
        }
        words = accumulators;
    }
    upyml_fully_connected_dots(blocks, x, whole, words, too_much, accumulators);
    for (int32_t k = 4 * whole; k < p->in_c; k++) {
        for (int32_t i = 0; i < count; i++) {
            int32_t product = x[k] * (upyml_weight(blocks[i >> 2], k, i & 3) + 128);
            accumulators[i] = upyml_add_wrapped(accumulators[i], product);
        }
    }
}

// The same of coded weights. too_much: of INT4.
static void make_coded(const upyml_fully_connected *p, const uint8_t *bias, const int8_t *x, int32_t channel,
    int32_t count, int32_t too_much, int32_t accumulators[CHANNELS]) {
    int32_t number = channel >> 2, blocks = (count + 3) >> 2;
    too_much = p->coding == UPYML_CODING_INT4 ? too_much : 0;
    for (int32_t i = 0; i < 4 * blocks; i++) {
        accumulators[i] = (int32_t)(upyml_load32(bias + 4 * (channel + i)) - (uint32_t)too_much);
    }
    if (UPYML_HAS(INT4) && p->coding == UPYML_CODING_INT4) {
        upyml_fully_connected_add_int4(p, x, number, blocks, accumulators);
    } else if (UPYML_HAS(SPARSE)) {
        upyml_fully_connected_add_sparse(p, x, number, blocks, accumulators);
    }
}

// q: of all channels, or prepared for one after another.
static void make_row(const upyml_fully_connected *p, const upyml_channels *c, upyml_prepared *q, const int8_t *x,
    int8_t *output) {
    int coded = (UPYML_HAS(INT4) || UPYML_HAS(SPARSE)) && p->coding != UPYML_CODING_INT8;
    uint32_t weight_bias = coded ? UPYML_INT4_BIAS : 128;
    int32_t too_much = (int32_t)(weight_bias * (uint32_t)sum(x, p->in_c)), accumulators[CHANNELS];
    for (int32_t channel = 0; channel < p->out_c; channel += CHANNELS, output += CHANNELS) {
        int32_t count = p->out_c - channel < CHANNELS ? p->out_c - channel : CHANNELS, alike = c->step ? 1 : count;
        if (coded) {
            make_coded(p, c->bias, x, channel, count, too_much, accumulators);
        } else {
            make_channels(p, c->bias, x, channel, count, too_much, accumulators);
        }
        for (int32_t i = 0; i < count; i += alike) {
            if (c->step) {
                upyml_prepare_channel(q, upyml_load_int32(c->multipliers + 4 * (channel + i)), c->shifts[channel + i],
                    c->bits[channel + i]);
            }
            upyml_requantize_prepared(accumulators + i, output + i, q, alike, 4, 1);
        }
    }
}

// Where the output may lie over the input, the smaller of the two is put into scratch.
void upyml_fully_connected_s8(const upyml_fully_connected *p, const int8_t *input, int8_t *output, uint8_t *scratch) {
    upyml_channels c = upyml_read_channels(p->channels, p->out_c, p->per_channel);
    upyml_prepared q;
    upyml_prepare(&q, upyml_load_int32(c.multipliers), c.shifts[0], c.bits[0], p->out_zero_point, p->clamp_min,
        p->clamp_max);
    int8_t *made = output;
    if (p->order != UPYML_ORDER_DISJOINT && p->out_c < p->in_c) {
        made = (int8_t *)scratch;
    } else if (p->order != UPYML_ORDER_DISJOINT) {
        memcpy(scratch, input, (size_t)(p->rows * p->in_c));
        input = (const int8_t *)scratch;
    }
    for (int32_t row = 0; row < p->rows; row++) {
        make_row(p, &c, &q, input + row * p->in_c, made + row * p->out_c);
    }
    if (made != output) {
        memcpy(output, made, (size_t)(p->rows * p->out_c));
    }
}

int32_t upyml_fully_connected_s8_scratch_size(const upyml_fully_connected *p) {
    return p->order == UPYML_ORDER_DISJOINT ? 0 : p->rows * (p->in_c < p->out_c ? p->in_c : p->out_c);
}
