// Layer normalization on a Cortex-M0+: 50 cycles a value and 700 a row. As the plain kernel, but that accumulators are
// requantized some at a time, and divisions by powers of two take four instructions.
#include "../../math/layer_norm.h"
#include "../../pairs/load_word.h"
#include "../../requantize.h"
#include "../requantization.h"

enum { BATCH = 32 };  // accumulators on the stack at a time

typedef struct {
    const upyml_layer_norm *p;
    upyml_prepared q;
    int narrow;
} layer;

typedef struct {
    int32_t sum, inverse;
    int right;
} row_factors;

// Rounded half away from zero. right: at least 1.
static inline int32_t divided(int32_t x, int right) {
    return (((x + (x >> 31)) >> (right - 1)) + 1) >> 1;
}

static inline int32_t load_gamma(const uint8_t *p) {
    return ((uintptr_t)p & 1) == 0 ? *(const int16_t *)(const void *)p : upyml_load_int16(p);
}

static row_factors factors_of(const layer *l, const int8_t *x) {
    const upyml_layer_norm *p = l->p;
    int32_t sum = 0, zero_point = p->in_zero_point;
    uint32_t squares = 0;
    for (const int8_t *end = x + p->count; x < end; x++) {
        int32_t value = *x - zero_point;
        sum += value;
        squares += (uint32_t)(value * value);
    }
    row_factors f;
    f.sum = p->centered ? sum : 0;
    int exponent;
    f.inverse = (int32_t)upyml_inverse_root(upyml_spread(p, f.sum, squares), &exponent);
    f.right = UPYML_NORMAL_SHIFT + exponent - l->narrow;
    f.sum += p->count * zero_point;
    return f;
}

static void accumulate(const layer *l, const row_factors *f, const int8_t *x, int32_t first, int32_t now, int32_t *to) {
    const uint8_t *gamma = l->p->gamma + 2 * first, *beta = l->p->beta + 4 * first;
    int32_t count = l->p->count, sum = f->sum, inverse = f->inverse;
    int narrow = l->narrow, right = f->right;
    for (int32_t i = 0; i < now; i++, gamma += 2, beta += 4) {
        int32_t normal = count * x[first + i] - sum;
        normal = (narrow ? divided(normal, narrow) : normal) * inverse;
        normal = right > 0 ? divided(normal, right) : (int32_t)((uint32_t)normal << -right);
        normal = upyml_clamp(normal, -32768, 32767);
        to[i] = upyml_add_wrapped(normal * load_gamma(gamma), upyml_load_word(beta));
    }
}

void upyml_layer_norm_s8(const upyml_layer_norm *p, const int8_t *input, int8_t *output) {
    layer l;
    l.p = p;
    l.narrow = upyml_narrowing(p->count);
    upyml_prepare(&l.q, p->multiplier, p->shift, 32, p->out_zero_point, p->clamp_min, p->clamp_max);
    for (int32_t row = 0; row < p->rows; row++, input += p->count, output += p->count) {
        row_factors f = factors_of(&l, input);
        for (int32_t first = 0; first < p->count; first += BATCH) {
            int32_t accumulators[BATCH], now = p->count - first < BATCH ? p->count - first : BATCH;
            accumulate(&l, &f, input, first, now, accumulators);
            upyml_requantize_prepared(accumulators, output + first, &l.q, now, 4, 1);
        }
    }
}
