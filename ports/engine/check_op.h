// Between check_op.c, which looks at what all ops have, check_params.c, which looks at each op's own fields, and
// check_weights.c.
#ifndef UPYML_CHECK_OP_H
#define UPYML_CHECK_OP_H

#include "params.h"

enum { UPYML_PASSED = -1 };  // else the answer is UPYML_ERROR_*

#define UPYML_NEED(condition, error)    \
    do {                                \
        if (!(condition)) {             \
            return UPYML_ERROR_##error; \
        }                               \
    } while (0)

// x, x2, y: the op's first input, its second (the first again where there is one only) and its output. scratch: set to
// the bytes the op's kernel needs, where it needs any.
int upyml_check_params(const uint8_t *file, const upyml_op *op, const upyml_tensor *x, const upyml_tensor *x2,
    const upyml_tensor *y, uint32_t *scratch);

// What families share: UPYML_PASSED or the error.
int upyml_check_window(const upyml_window *p);  // sizes, strides and padding, clamps
int upyml_check_axis(const upyml_axis *p, const upyml_tensor *x, const upyml_tensor *y);  // its sizes
int upyml_check_broadcast(const upyml_tensor *x, const upyml_tensor *y);
int upyml_check_pad(const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y);  // the input lies within the output

static inline int upyml_shift_fits(int32_t shift) {
    return shift >= UPYML_MIN_SHIFT && shift <= UPYML_MAX_SHIFT;
}

// An op's weights: of each output channel `rows` of `run` k. fields: where the op's `weights` and `channels` stand.
typedef struct {
    int coding, per_channel;
    uint64_t run;
    uint32_t rows, channels, pairs;
    const uint8_t *fields;
} upyml_weights;

int upyml_check_weights(const uint8_t *file, const upyml_weights *w);

#endif
