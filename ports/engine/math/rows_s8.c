// Ops whose outputs depend on all values of a row, in integers with the roundings of TFLite's reference.
#include "../fixed_point.h"
#include "../requantize.h"
#include "math.h"

#define SUM_BITS 12  // integer bits of a sum of exponentials
#define LOG_BITS 6  // of the logarithm on its way

static int32_t product(int32_t a, int32_t b) {
    return upyml_doubling_high_mul(a, b);
}

static int leading_zeros(uint32_t x) {
    int count = 0;
    for (; count < 32 && !(x & 0x80000000u); count++) {
        x <<= 1;
    }
    return count;
}

// log(x) in Q5.26 for x >= 1 in Q12.19. x = 2^n r; of two ways to split it, n whole or halfway between, the one with r
// nearer to 2^-1/4 is taken, where a quotient of two polynomials is near to log r.
static int32_t logarithm(int32_t x) {
    const int32_t log_2 = 1488522236, half_root = 1518500250, quarter_root = 1805811301;  // of 1/2; all Q0.31
    const int32_t quarter = 1 << (31 - LOG_BITS - 2);
    int zeros = leading_zeros((uint32_t)x);
    int32_t rounded = upyml_saturating_left(product(upyml_saturating_left(x, zeros - 1), half_root), 1);
    int32_t power = (SUM_BITS - zeros) * (1 << (31 - LOG_BITS)) + quarter;
    int zeros_between = leading_zeros((uint32_t)product(x, half_root)) - 1;
    int32_t between = upyml_saturating_left(x, zeros_between);
    int32_t power_between = (SUM_BITS - zeros_between) * (1 << (31 - LOG_BITS)) - quarter;
    int32_t r = rounded < between ? rounded : between;
    power = power > power_between ? power : power_between;
    int32_t sum = (int32_t)((uint32_t)r + (uint32_t)quarter_root);  // both below 2^31, and their half again
    int32_t p = (int32_t)(((uint32_t)sum + 1) >> 1), q = 2 * (r - quarter_root), square = product(q, q);
    int32_t above = product(q, r) + product(product(q, square), 117049297);
    int32_t below = product(p, 1057819769 + q + product(127690142, square)) + product(638450708, q);
    int headroom;
    int32_t inverse = upyml_reciprocal((uint32_t)below + 0x80000000u, &headroom);
    return upyml_saturating_left(product(power, log_2) + product(upyml_divide_by_power(above, LOG_BITS), inverse), 1);
}

static void log_softmax_row(const upyml_log_softmax *p, const int8_t *input, int8_t *output) {
    int32_t max = -128, sum = 0;
    for (int32_t i = 0; i < p->classes; i++) {
        max = input[i] > max ? input[i] : max;
    }
    for (int32_t i = 0; i < p->classes; i++) {
        if (input[i] - max >= p->diff_min) {
            int32_t e = upyml_exp_negative(upyml_requantize(input[i] - max, p->multiplier, p->shift));
            sum += upyml_divide_by_power(e, SUM_BITS);
        }
    }
    int32_t log_sum = logarithm(sum);
    int32_t least = upyml_requantize(upyml_add_wrapped(log_sum, INT32_MIN), p->reverse_multiplier, p->reverse_shift);
    least = least > p->diff_min - 1 ? least : p->diff_min - 1;
    for (int32_t i = 0; i < p->classes; i++) {
        int32_t y = -128, difference = input[i] - max;
        if (difference > least) {
            int32_t log_share = (int32_t)((uint32_t)upyml_requantize(difference, p->multiplier, p->shift) - (uint32_t)log_sum);
            y = upyml_clamp(upyml_divide_by_power(log_share, 22) + 127, -128, 127);  // Q5.26 to 1/16
        }
        output[i] = (int8_t)y;
    }
}

void upyml_log_softmax_s8(const upyml_log_softmax *p, const int8_t *input, int8_t *output) {
    for (int32_t row = 0; row < p->rows; row++, input += p->classes, output += p->classes) {
        log_softmax_row(p, input, output);
    }
}

// 1 / sqrt(x) = answer / 2^31 * 2^shift: five Newton-Raphson steps in Q3.28 from 1 on.
static int32_t inverse_root(int32_t x, int *shift) {
    *shift = 0;
    if (x <= 1) {
        return INT32_MAX;
    }
    int right = 11;
    for (; x >= 1 << 29; x /= 4) {
        right++;
    }
    int pairs = (leading_zeros((uint32_t)x) - 1) / 2 - 1;
    right -= pairs;
    x = x * (1 << 2 * pairs) >> 1;
    int32_t half = upyml_divide_by_power(x, 1), root = 1 << 28;
    for (int i = 0; i < 5; i++) {
        int32_t cube = upyml_saturating_left(product(product(root, root), root), 6);
        root = upyml_saturating_left(product((1 << 28) + (1 << 27), root) - product(half, cube), 3);
    }
    root = product(root, 1518500250);  // square root of 1/2
    if (right < 0) {
        return root * (1 << -right);
    }
    *shift = -right;
    return root;
}

void upyml_l2_normalization_s8(int32_t rows, int32_t count, int32_t zero_point, const int8_t *input, int8_t *output) {
    for (int32_t row = 0; row < rows; row++, input += count, output += count) {
        int32_t sum = 0;
        for (int32_t i = 0; i < count; i++) {
            int32_t x = input[i] - zero_point;
            sum += x * x;
        }
        int shift;
        int32_t multiplier = inverse_root(sum, &shift);
        for (int32_t i = 0; i < count; i++) {
            output[i] = (int8_t)upyml_clamp(upyml_requantize(input[i] - zero_point, multiplier, shift + 7), -128, 127);
        }
    }
}

void upyml_cumsum_s8(const upyml_cumsum *p, const int8_t *input, int8_t *output) {
    for (int32_t outer = 0; outer < p->outer; outer++) {
        for (int32_t inner = 0; inner < p->inner; inner++) {
            int32_t sum = p->start;
            for (int32_t i = 0; i < p->count; i++) {
                int32_t at = (outer * p->count + (p->reverse ? p->count - 1 - i : i)) * p->inner + inner;
                int32_t before = sum, x = (input[at] - p->in_zero_point) * (1 << 20);
                sum = upyml_add_wrapped(sum, upyml_requantize(x, p->multiplier1, p->shift1));
                int32_t y = upyml_requantize(p->exclusive ? before : sum, p->multiplier, p->shift);
                output[at] = (int8_t)upyml_clamp(upyml_add_wrapped(y, p->out_zero_point), -128, 127);
            }
        }
    }
}
