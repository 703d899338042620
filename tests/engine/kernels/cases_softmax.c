// Softmax against gemmlowp's fixed point written out in 64 bits, tables and bilinear resizing against their
// definitions: ops that have one kernel for all processors.
#include <string.h>

#include "kernels.h"
#include "rig.h"

enum { SOFTMAXES = 1200, TABLES = 600, RESIZES = 400, MOST = 1200, GUARD = 8 };

static int8_t input[MOST], found[MOST + 2 * GUARD], expected[MOST + 2 * GUARD];

static int32_t between(int32_t low, int32_t high) {
    return low + (int32_t)(rig_random() % (uint32_t)(high - low + 1));
}

static int32_t product(int32_t a, int32_t b) {
    int64_t exact = (int64_t)a * b;
    return (int32_t)((exact + (exact >= 0 ? 1 << 30 : 1 - (1 << 30))) / ((int64_t)1 << 31));
}

static int32_t shifted(int32_t x, int bits) {
    int64_t half = bits ? (int64_t)1 << (bits - 1) : 0;
    return (int32_t)(x < 0 ? -((-(int64_t)x + half) >> bits) : ((int64_t)x + half) >> bits);
}

static int32_t saturated(int64_t x) {
    return x > INT32_MAX ? INT32_MAX : x < INT32_MIN ? INT32_MIN : (int32_t)x;
}

static int32_t exp_negative(int32_t a) {
    static const int32_t factors[7] = {
        1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242,
    };
    if (a == 0) {
        return INT32_MAX;
    }
    int32_t fraction = (a & 0xffffff) - (1 << 24), x = fraction * 32 + (1 << 28), x2 = product(x, x);
    int32_t sum = product(shifted(product(x2, x2), 2) + product(x2, x), 715827883) + x2;
    int32_t y = 1895147668 + product(1895147668, x + shifted(sum, 1));
    for (int bit = 0; bit < 7; bit++) {
        if (((int64_t)fraction - a) >> (24 + bit) & 1) {
            y = product(y, factors[bit]);
        }
    }
    return y;
}

static int32_t scaled_exp(const upyml_softmax *p, int32_t difference) {
    return exp_negative(product((int32_t)((uint32_t)difference << p->shift), p->multiplier));
}

static void wanted_softmax(const upyml_softmax *p, const int8_t *x, int8_t *y) {
    int32_t most = -128, sum = 0, zeros = 0;
    for (int32_t i = 0; i < p->classes; i++) {
        most = x[i] > most ? x[i] : most;
    }
    for (int32_t i = 0; i < p->classes; i++) {
        sum += x[i] - most >= p->diff_min ? shifted(scaled_exp(p, x[i] - most), 12) : 0;
    }
    while (!((uint32_t)sum << zeros >> 31)) {
        zeros++;
    }
    int64_t above_one = (int64_t)((uint32_t)sum << zeros) - ((int64_t)1 << 31);
    int32_t half = (int32_t)((above_one + INT32_MAX + 1) / 2), inverse = 1515870810 + product(half, -1010580540);
    for (int i = 0; i < 3; i++) {
        inverse += saturated((int64_t)product(inverse, (1 << 29) - product(half, inverse)) * 4);
    }
    for (int32_t i = 0; i < p->classes; i++) {
        int32_t share = product(saturated((int64_t)inverse * 2), scaled_exp(p, x[i] - most));
        int32_t value = shifted(share, 35 - zeros) - 128;
        y[i] = (int8_t)(x[i] - most < p->diff_min ? -128 : value > 127 ? 127 : value);
    }
}

static void fill(void) {
    int32_t width = between(1, 255);
    for (int32_t i = 0; i < MOST; i++) {
        input[i] = (int8_t)(between(0, width) - 128);
    }
    memset(found, 0x55, sizeof found);
    memset(expected, 0x55, sizeof expected);
}

static int same(const char *what, int32_t first, int32_t second, int32_t third) {
    if (memcmp(found, expected, sizeof found) == 0) {
        return 1;
    }
    rig_print(what);
    const int32_t numbers[] = {first, second, third};
    for (int i = 0; i < 3; i++) {
        rig_number(numbers[i]);
        rig_print(" ");
    }
    rig_print("\n");
    return 0;
}

// With room for exponentials and without.
static int one_softmax(void) {
    static int32_t known[UPYML_SOFTMAX_KNOWN];
    upyml_softmax p = {between(1, 4), between(0, 9) ? between(1, 20) : between(1, MOST / 4),
                       between(1 << 30, INT32_MAX), between(18, 26), 0, between(0, 1) ? known : NULL};
    p.diff_min = -((31 << 26 >> p.shift) + 1);  // what Q5.26 has room for
    if (p.diff_min < -100 && between(0, 1)) {
        p.diff_min = -between(0, 100);
    }
    fill();
    memset(known, 0, sizeof known);
    memcpy(found + GUARD, input, (size_t)(p.rows * p.classes));  // in place
    for (int32_t row = 0; row < p.rows; row++) {
        wanted_softmax(&p, input + row * p.classes, expected + GUARD + row * p.classes);
    }
    upyml_softmax_s8(&p, found + GUARD, found + GUARD);
    return same("softmax: classes, multiplier, shift: ", p.classes, p.multiplier, p.shift);
}

// Upwards with the output in front of the input or over it, downwards behind it.
static int one_table(void) {
    static uint8_t table[256];
    int32_t count = between(0, 100), reverse = between(0, 1), away = between(0, 9);
    for (int i = 0; i < 256; i++) {
        table[i] = (uint8_t)rig_random();
    }
    fill();
    int32_t out = GUARD + (reverse ? away : 0), in = GUARD + (reverse ? 0 : away);
    memcpy(found + in, input, (size_t)count);
    memcpy(expected + in, input, (size_t)count);
    for (int32_t i = 0; i < count; i++) {
        expected[out + i] = (int8_t)table[input[i] + 128];
    }
    upyml_table_s8(table, found + in, found + out, (uint32_t)count, reverse);
    return same("table: count, reverse, away: ", count, reverse, away);
}

// Where between two rows (columns) a row of the output lies, in units of 1/1024.
static void place(int32_t out, int32_t out_count, int32_t in_count, int corners, int centers, int32_t *low,
    int32_t *high, int32_t *fraction) {
    int spread = corners && out_count > 1;
    int32_t from = in_count - spread, to = out_count - spread, scale = (1024 * from + to / 2) / to, last = in_count - 1;
    int32_t position = out * scale + (centers ? (scale >> 1) - 512 : 0);
    *low = position < 0 ? 0 : position / 1024 > last ? last : position / 1024;
    *high = (position + 1023) / 1024 > last ? last : (position + 1023) / 1024;
    *fraction = position - *low * 1024;
}

static int one_resize(void) {
    upyml_window p;
    memset(&p, 0, sizeof p);
    p.in_c = p.out_c = between(1, 4);
    p.in_h = between(1, 12);
    p.in_w = between(1, 12);
    p.out_h = between(1, 16);
    p.out_w = between(1, 16);
    int kind = between(0, 2), corners = kind == 1, centers = kind == 2;
    fill();
    for (int32_t at = 0; at < p.out_h * p.out_w * p.in_c; at++) {
        int32_t c = at % p.in_c, x = at / p.in_c % p.out_w, y = at / p.in_c / p.out_w;
        int32_t rows[2], columns[2], down, right;
        place(y, p.out_h, p.in_h, corners, centers, &rows[0], &rows[1], &down);
        place(x, p.out_w, p.in_w, corners, centers, &columns[0], &columns[1], &right);
        int64_t sum = 0;
        for (int corner = 0; corner < 4; corner++) {
            int lower = corner >> 1, further = corner & 1;
            int64_t weight = (int64_t)(lower ? down : 1024 - down) * (further ? right : 1024 - right);
            sum += weight * input[(rows[lower] * p.in_w + columns[further]) * p.in_c + c];
        }
        expected[GUARD + at] = (int8_t)((sum + (sum > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20));
    }
    upyml_resize_bilinear_s8(&p, corners, centers, input, found + GUARD);
    return same("resize: height, new height, kind: ", p.in_h, p.out_h, kind);
}

int32_t cases(void) {
    static int (*const families[])(void) = {one_softmax, one_table, one_resize};
    static const int32_t counts[] = {SOFTMAXES, TABLES, RESIZES};
    int32_t passed = 0;
    for (int family = 0; family < 3; family++) {
        for (int32_t i = 0; i < counts[family]; i++, passed++) {
            if (!families[family]()) {
                return passed;
            }
        }
    }
    return passed;
}
