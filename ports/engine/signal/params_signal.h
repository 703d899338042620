// An op's parameters from the file, as the structs its kernel takes. Nothing has been looked at where the check calls these.
#ifndef UPYML_PARAMS_SIGNAL_H
#define UPYML_PARAMS_SIGNAL_H

#include "filters.h"
#include "layout_signal.h"
#include "model.h"
#include "rfft.h"

static inline void upyml_read_rfft(const uint8_t *file, const upyml_op *op, const upyml_tensor *x, upyml_rfft *p) {
    p->points = (int32_t)upyml_load16(op->params + UPYML_RFFT_POINTS);
    p->samples = x->shape[x->rank - 1];
    p->twiddles = upyml_place(file, op->params + UPYML_RFFT_TWIDDLES);
}

// The last axis, where there is more than one.
static inline int32_t upyml_channels(const upyml_tensor *x) {
    return x->rank > 1 ? x->shape[x->rank - 1] : 1;
}

static inline void upyml_read_biquad(const uint8_t *file, const upyml_op *op, const upyml_tensor *x, upyml_biquad *p) {
    p->sections = (int32_t)upyml_load16(op->params + UPYML_BIQUAD_SECTIONS);
    p->channels = upyml_channels(x);
    p->samples = (int32_t)(x->elements / (uint32_t)p->channels);
    p->factors = upyml_place(file, op->params + UPYML_BIQUAD_FACTORS);
}

static inline void upyml_read_fir(const uint8_t *file, const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y,
    upyml_fir *p) {
    p->up = (int32_t)upyml_load16(op->params + UPYML_FIR_UP);
    p->down = (int32_t)upyml_load16(op->params + UPYML_FIR_DOWN);
    p->taps = (int32_t)upyml_load16(op->params + UPYML_FIR_TAPS);
    p->channels = upyml_channels(x);
    p->inputs = (int32_t)(x->elements / (uint32_t)p->channels);
    p->outputs = (int32_t)(y->elements / (uint32_t)p->channels);
    p->coefficients = upyml_place(file, op->params + UPYML_FIR_COEFFICIENTS);
}

#endif
