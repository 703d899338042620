// Statistics of a window in one walk over its samples.
#include "statistics.h"

#include "load.h"
#include "spectrum.h"

// x / divisor, rounded to the nearest, halves upwards, at most 2^32 - 1. Bit by bit: native modules have no division of 64
// bits, and there are few a window. x below 2^62, divisor below 2^31.
static uint32_t quotient(uint64_t x, uint32_t divisor) {
    x += divisor / 2;
    if (x >> 32 >= divisor) {
        return UINT32_MAX;
    }
    uint32_t rest = (uint32_t)(x >> 32), low = (uint32_t)x;
    for (int bit = 0; bit < 32; bit++) {
        rest = rest << 1 | low >> 31;
        low <<= 1;
        if (rest >= divisor) {
            rest -= divisor;
            low |= 1;
        }
    }
    return low;
}

static int32_t capped(uint32_t x) {
    return (int32_t)(x < INT32_MAX ? x : INT32_MAX);
}

int32_t upyml_statistics_of(const upyml_statistics *p, const uint8_t *input, int32_t *values) {
    int32_t sum = 0;  // 32767 * 65535 at most
    uint64_t squares = 0;
    int32_t least = INT32_MAX, greatest = INT32_MIN, crossings = 0, before = 0;
    for (int32_t i = 0; i < p->count; i++) {
        int32_t d = (p->width == 1 ? (int8_t)*input : upyml_load_int16(input)) - p->zero_point;
        input += p->stride * p->width;
        sum += d;
        squares += (uint64_t)((uint32_t)(d < 0 ? -d : d) * (uint32_t)(d < 0 ? -d : d));
        least = d < least ? d : least;
        greatest = d > greatest ? d : greatest;
        crossings += i && (d ^ before) < 0;
        before = d;
    }
    uint32_t count = (uint32_t)p->count, size = (uint32_t)(sum < 0 ? -sum : sum);
    uint32_t variance = quotient((uint64_t)count * squares - (uint64_t)size * size, count * count);
    int32_t mean = (int32_t)quotient(size, count);
    int32_t all[UPYML_STATISTICS] = {
        sum < 0 ? -mean : mean, capped(variance), (int32_t)upyml_square_root(variance),
        (int32_t)upyml_square_root(quotient(squares, count)), least, greatest, greatest > -least ? greatest : -least, crossings,
    };
    int32_t made = 0;
    for (int i = 0; i < UPYML_STATISTICS; i++) {
        if (p->which >> i & 1) {
            values[made++] = all[i];
        }
    }
    return made;
}
