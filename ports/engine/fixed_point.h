// Functions in fixed point with gemmlowp's roundings, which more than one kernel needs. Qm.n: m integer, n fractional bits.
#ifndef UPYML_FIXED_POINT_H
#define UPYML_FIXED_POINT_H

#include <stdint.h>

// exp(a) in Q0.31 for a <= 0 in Q5.26.
int32_t upyml_exp_negative(int32_t a);

// 2^31 / x, scaled into Q0.31 of [1/2, 1]; x > 0. headroom: set to the zero bits above x's highest.
int32_t upyml_reciprocal(uint32_t x, int *headroom);

// x * 2^bits, saturated.
int32_t upyml_saturating_left(int32_t x, int bits);

#endif
