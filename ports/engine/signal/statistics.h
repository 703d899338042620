// Numbers that describe a window of samples.
#ifndef UPYML_STATISTICS_H
#define UPYML_STATISTICS_H

#include <stdint.h>

enum {  // in this order in the output; of d = x - zero point
    UPYML_STATISTIC_MEAN,  // rounded to the nearest, halves away from zero
    UPYML_STATISTIC_VARIANCE,  // mean of the squares of d less the mean, rounded to the nearest, halves upwards
    UPYML_STATISTIC_DEVIATION,  // the square root of that, rounded to the nearest
    UPYML_STATISTIC_RMS,  // the square root of the mean of d^2, both rounded to the nearest
    UPYML_STATISTIC_LEAST,
    UPYML_STATISTIC_GREATEST,
    UPYML_STATISTIC_PEAK,  // the largest |d|
    UPYML_STATISTIC_CROSSINGS,  // how often d < 0 turns into d >= 0 or back
    UPYML_STATISTICS,
};

enum { UPYML_STATISTICS_MOST = 32767 };  // samples in a window: keeps the variance within 62 bits

typedef struct {
    int32_t count, stride;  // samples, and elements from one to the next
    int32_t width;  // bytes of a sample: 1 int8, 2 int16
    int32_t zero_point;
    uint32_t which;  // bit i: statistic i is wanted
} upyml_statistics;

// Those that are wanted, in order, to `values`, each at most INT32_MAX; answers how many. input: at any address.
int32_t upyml_statistics_of(const upyml_statistics *p, const uint8_t *input, int32_t *values);

#endif
