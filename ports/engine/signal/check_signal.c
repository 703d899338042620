// The check of the ops of the family SIGNAL; upyml/format/check_signal.py asks the same in the same order.
#include "families.h"
#include "filters.h"
#include "params_signal.h"
#include "rfft.h"
#include "sound.h"
#include "statistics.h"

static int check_rfft(const uint8_t *file, const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y) {
    upyml_rfft p;
    upyml_read_rfft(file, op, x, &p);
    UPYML_NEED(upyml_rfft_points_fit(p.points), PARAMS);
    UPYML_NEED(p.samples <= p.points
        && y->elements == (uint64_t)(x->elements / (uint32_t)p.samples) * (uint32_t)(p.points + 2), SHAPE);
    UPYML_NEED(y->offset % 4 == 0, DATA);
    UPYML_NEED(upyml_in_data(file, upyml_load32(op->params + UPYML_RFFT_TWIDDLES),
        (uint32_t)UPYML_RFFT_TWIDDLE_BYTES(p.points), 4), DATA);
    return UPYML_PASSED;
}

static int check_biquad(const uint8_t *file, const upyml_op *op, const upyml_tensor *x, const upyml_tensor *state,
    const upyml_tensor *y) {
    upyml_biquad p;
    upyml_read_biquad(file, op, x, &p);
    UPYML_NEED(p.sections >= 1, PARAMS);
    UPYML_NEED(x->elements == y->elements
        && state->elements == (uint64_t)p.channels * (uint32_t)(p.sections * UPYML_BIQUAD_STATE_COUNT), SHAPE);
    UPYML_NEED(upyml_in_data(file, upyml_load32(op->params + UPYML_BIQUAD_FACTORS),
        (uint32_t)(2 * UPYML_BIQUAD_FACTOR_COUNT * p.sections), 4), DATA);
    return UPYML_PASSED;
}

static int check_fir(const uint8_t *file, const upyml_op *op, const upyml_tensor *x, const upyml_tensor *state,
    const upyml_tensor *y) {
    upyml_fir p;
    upyml_read_fir(file, op, x, y, &p);
    UPYML_NEED(p.up >= 1 && p.down >= 1 && p.taps >= 1, PARAMS);
    UPYML_NEED(y->elements % (uint32_t)p.channels == 0, SHAPE);
    UPYML_NEED((int64_t)p.inputs * p.up == (int64_t)p.outputs * p.down, SHAPE);
    UPYML_NEED(p.taps <= p.up
        || state->elements == (uint64_t)upyml_fir_history(p.taps, p.up) * (uint32_t)p.channels, SHAPE);
    UPYML_NEED(upyml_in_data(file, upyml_load32(op->params + UPYML_FIR_COEFFICIENTS), (uint32_t)(2 * p.taps), 4), DATA);
    return UPYML_PASSED;
}

static int check_statistics(const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y) {
    uint32_t outer = upyml_load32(op->params + UPYML_STATISTICS_OUTER), inner = upyml_load32(op->params + UPYML_STATISTICS_INNER);
    uint32_t count = upyml_load32(op->params + UPYML_STATISTICS_COUNT), which = upyml_load32(op->params + UPYML_STATISTICS_WHICH);
    UPYML_NEED(count >= 1 && count <= UPYML_STATISTICS_MOST && which >= 1 && which < 1u << UPYML_STATISTICS, PARAMS);
    UPYML_NEED(outer <= UPYML_MAX_ELEMENTS && inner <= UPYML_MAX_ELEMENTS, PARAMS);
    uint32_t wanted = 0;
    for (; which; which >>= 1) {
        wanted += which & 1;
    }
    UPYML_NEED(x->elements % count == 0 && x->elements / count == (uint64_t)outer * inner, SHAPE);
    UPYML_NEED(y->elements == (uint64_t)outer * inner * wanted, SHAPE);
    return UPYML_PASSED;
}

int upyml_check_signal(const uint8_t *file, const upyml_op *op, const upyml_tensor *y, uint32_t *scratch) {
    int opcode = op->opcode;
    if (opcode >= UPYML_OPCODE_MEL_ENERGIES) {
        return upyml_check_sound(file, op, y, scratch);
    }
    int remembers = opcode == UPYML_OPCODE_BIQUAD || (opcode == UPYML_OPCODE_FIR
        && upyml_load16(op->params + UPYML_FIR_TAPS) > upyml_load16(op->params + UPYML_FIR_UP));
    UPYML_NEED(op->input_count == 1 + remembers, ARITY);
    upyml_tensor x, state;
    upyml_read_link(file, op, 0, &x);
    upyml_read_link(file, op, op->input_count - 1u, &state);
    if (opcode == UPYML_OPCODE_STATISTICS) {
        UPYML_NEED((x.dtype == UPYML_DTYPE_INT8 || x.dtype == UPYML_DTYPE_INT16)
            && (y->dtype == UPYML_DTYPE_INT16 || y->dtype == UPYML_DTYPE_INT32), DTYPE);
    } else {
        UPYML_NEED(x.dtype == UPYML_DTYPE_INT16
            && y->dtype == (opcode == UPYML_OPCODE_POWER ? UPYML_DTYPE_INT32 : UPYML_DTYPE_INT16), DTYPE);
    }
    UPYML_NEED(!remembers || (state.dtype == UPYML_DTYPE_INT16 && state.kind == UPYML_KIND_STATE), DTYPE);
    UPYML_NEED(op->order == UPYML_ORDER_DISJOINT, ORDER);
    switch (opcode) {
        case UPYML_OPCODE_RFFT:
            return check_rfft(file, op, &x, y);
        case UPYML_OPCODE_BIQUAD:
            return check_biquad(file, op, &x, &state, y);
        case UPYML_OPCODE_FIR:
            return check_fir(file, op, &x, &state, y);
        case UPYML_OPCODE_STATISTICS:
            return check_statistics(op, &x, y);
        default:
            UPYML_NEED(x.elements == 2 * y->elements, SHAPE);
            return UPYML_PASSED;
    }
}
