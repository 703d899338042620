// Sums, products, extremes, means, tables, sigmoid, softmax and padding of 16-bit activations.
#include "../recurrent/activation.h"
#include "layout_wide.h"
#include "wide.h"

static int32_t combine(const upyml_binary *p, int32_t x1, int32_t x2) {
    int32_t y;
    if (p->opcode == UPYML_OPCODE_MUL_16) {
        y = upyml_requantize(x1 * x2, p->multiplier, p->shift);
    } else if (p->opcode == UPYML_OPCODE_MAXIMUM_16) {
        y = x1 > x2 ? x1 : x2;
    } else if (p->opcode == UPYML_OPCODE_MINIMUM_16) {
        y = x1 < x2 ? x1 : x2;
    } else {
        int32_t scaled1 = upyml_requantize((int32_t)((uint32_t)x1 << p->left_shift), p->multiplier1, p->shift1);
        int32_t scaled2 = upyml_requantize((int32_t)((uint32_t)x2 << p->left_shift), p->multiplier2, p->shift2);
        uint32_t term = p->opcode == UPYML_OPCODE_SUB_16 ? 0u - (uint32_t)scaled2 : (uint32_t)scaled2;
        y = upyml_requantize((int32_t)((uint32_t)scaled1 + term), p->multiplier, p->shift);
    }
    return upyml_clamp(y, p->clamp_min, p->clamp_max);
}

void upyml_binary_s16(const upyml_binary *p, const uint8_t *input1, const uint8_t *input2, uint8_t *output) {
    const int32_t *n = p->shape, *s1 = p->stride1, *s2 = p->stride2;
    int32_t rows = n[0] * n[1] * n[2];
    for (int32_t row = 0; row < rows; row++) {
        int32_t i2 = row % n[2], i1 = row / n[2] % n[1], i0 = row / n[2] / n[1];
        const uint8_t *x1 = input1 + 2 * (i0 * s1[0] + i1 * s1[1] + i2 * s1[2]);
        const uint8_t *x2 = input2 + 2 * (i0 * s2[0] + i1 * s2[1] + i2 * s2[2]);
        for (int32_t i = 0; i < n[3]; i++, output += 2) {
            int32_t y = combine(p, upyml_load_int16(x1 + 2 * i * s1[3]), upyml_load_int16(x2 + 2 * i * s2[3]));
            upyml_store16(output, (uint32_t)y);
        }
    }
}

void upyml_mean_s16(const upyml_axis *p, const uint8_t *input, uint8_t *output) {
    for (int32_t outer = 0; outer < p->outer; outer++, input += 2 * p->count * p->inner) {
        for (int32_t inner = 0; inner < p->inner; inner++, output += 2) {
            int32_t sum = 0;
            for (int32_t i = 0; i < p->count; i++) {
                sum += upyml_load_int16(input + 2 * (i * p->inner + inner));
            }
            int32_t y = upyml_requantize(sum, p->multiplier, p->shift);
            upyml_store16(output, (uint32_t)upyml_clamp(y, INT16_MIN, INT16_MAX));
        }
    }
}

static int32_t look_up(const uint8_t *table, int32_t x) {
    const uint8_t *entry = table + 2 * ((x + 32768) >> 7);
    int32_t low = upyml_load_int16(entry), slope = upyml_load_int16(entry + 2) - low;
    return low + ((slope * (x & 127) + 64) >> 7);
}

void upyml_table_s16(const uint8_t *table, const uint8_t *input, uint8_t *output, uint32_t count) {
    for (; count; count--, input += 2, output += 2) {
        upyml_store16(output, (uint32_t)look_up(table, upyml_load_int16(input)));
    }
}

void upyml_sigmoid_s16(const uint8_t *table, int32_t multiplier, int shift, int activation, const uint8_t *input,
    uint8_t *output, uint32_t count) {
    int32_t half = 1 << shift >> 1;
    for (; count; count--, input += 2, output += 2) {
        int32_t three = (upyml_load_int16(input) * multiplier + half) >> shift;
        upyml_store16(output, (uint32_t)upyml_activate(activation, table, 0, three));
    }
}

// The exponentials of a row, Q0.15, wait in the output's place.
void upyml_softmax_s16(const upyml_softmax *p, const uint8_t *exp, const uint8_t *reciprocal, const uint8_t *input,
    uint8_t *output) {
    for (int32_t row = 0; row < p->rows; row++, input += 2 * p->classes, output += 2 * p->classes) {
        int32_t most = INT16_MIN;
        for (int32_t i = 0; i < p->classes; i++) {
            int32_t value = upyml_load_int16(input + 2 * i);
            most = value > most ? value : most;
        }
        uint32_t sum = 0;
        for (int32_t i = 0; i < p->classes; i++) {
            // [-10, 0] becomes [-65535, 0], and then [-32768, 32767].
            int32_t difference = upyml_requantize(upyml_load_int16(input + 2 * i) - most, p->multiplier, p->shift);
            int32_t place = upyml_clamp(upyml_add_wrapped(difference, 32767), INT16_MIN, INT16_MAX);
            int32_t e = look_up(exp, place);
            e = e < 0 ? 0 : e;  // only a file's table of other numbers has it so
            sum += (uint32_t)e;
            upyml_store16(output + 2 * i, (uint32_t)e);
        }
        int headroom = 0;
        while (headroom < 31 && !(sum << headroom >> 31)) {
            headroom++;
        }
        // sum / 2^(31 - headroom) lies in [1, 2); its part above 1 as 16 bits from -32768 on.
        uint32_t above = (uint32_t)((((uint64_t)sum << headroom) + (1 << 14)) >> 15);
        int32_t place = upyml_clamp((int32_t)above - (1 << 15) - (1 << 16), INT16_MIN, INT16_MAX);
        int32_t factor = look_up(reciprocal, place), right = 31 - headroom;
        for (int32_t i = 0; i < p->classes; i++) {
            int64_t product = (int64_t)upyml_load_int16(output + 2 * i) * factor;
            int32_t y = (int32_t)((right ? product + ((int64_t)1 << (right - 1)) : product) >> right);
            upyml_store16(output + 2 * i, (uint32_t)upyml_clamp(y, 0, INT16_MAX));
        }
    }
}

void upyml_pad_s16(const int32_t *in_shape, const int32_t *out_shape, const int32_t *before, int32_t value,
    const uint8_t *input, uint8_t *output) {
    for (int32_t a = 0; a < out_shape[0]; a++) {
        for (int32_t b = 0; b < out_shape[1]; b++) {
            for (int32_t c = 0; c < out_shape[2]; c++) {
                int32_t y = a - before[0], x = b - before[1], z = c - before[2];
                int inside = y >= 0 && y < in_shape[0] && x >= 0 && x < in_shape[1] && z >= 0 && z < in_shape[2];
                const uint8_t *row = input + 2 * (((inside ? y * in_shape[1] + x : 0) * in_shape[2] + (inside ? z : 0)) * in_shape[3]);
                for (int32_t d = 0; d < out_shape[3]; d++, output += 2) {
                    int32_t at = d - before[3];
                    upyml_store16(output, inside && at >= 0 && at < in_shape[3] ? upyml_load16(row + 2 * at) : (uint32_t)value);
                }
            }
        }
    }
}
