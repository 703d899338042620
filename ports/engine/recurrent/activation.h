// The functions of cells, from int16 to int16. SIGMOID and TANH read x with 12 fractional bits and give 15: both by the
// upper half of one table, the sigmoid of i / 24 in 1 / 65536, with straight lines between its entries. That is TFLite's
// way; 3 * x, in 1 / 12288, has the table's place in its upper bits.
#ifndef UPYML_RECURRENT_ACTIVATION_H
#define UPYML_RECURRENT_ACTIVATION_H

#include "../load.h"
#include "../requantize.h"
#include "layout_recurrent.h"

// The table's value at distance/2^bits, times 2^bits; far out it ends.
static inline int32_t upyml_sigmoid_at(const uint8_t *table, int32_t distance, int bits, int32_t end) {
    int32_t place = distance >> bits;
    if (place >= 255) {
        return end;
    }
    int32_t below = (int32_t)upyml_load16(table + 2 * place), above = (int32_t)upyml_load16(table + 2 * place + 2);
    return (below << bits) + (distance & ((1 << bits) - 1)) * (above - below);
}

// 3 * x * 2^shift, rounded half upwards. shift: -15 to 12.
static inline int32_t upyml_three_times(int32_t x, int shift) {
    return shift >= 0 ? x * (3 << shift) : (3 * x + (1 << (-1 - shift))) >> -shift;
}

// The function UPYML_ACTIVATION_*, of which RELU and LINEAR take x and the others `three`, which is three times as much.
static inline int32_t upyml_activate(int activation, const uint8_t *table, int32_t x, int32_t three) {
    if (activation >= UPYML_ACTIVATION_RELU) {
        return activation == UPYML_ACTIVATION_RELU && x < 0 ? 0 : x;
    }
    int32_t size = three < 0 ? -three : three, y;
    if (activation == UPYML_ACTIVATION_SIGMOID) {
        y = upyml_sigmoid_at(table, size, 9, 0x7fff << 10);
        y = (three < 0 ? (1 << 25) - y + 511 : y + 512) >> 10;
    } else if (activation == UPYML_ACTIVATION_TANH) {
        y = upyml_sigmoid_at(table, size, 8, 0xffff << 8) - (1 << 23);
        y = (three < 0 ? 127 - y : y + 128) >> 8;
    } else {  // x / 6 + 1 / 2
        y = ((upyml_clamp(three, -36864, 36864) * 29127 + (1 << 15)) >> 16) + (1 << 14);
    }
    return upyml_clamp(y, -32768, 32767);
}

#endif
