// The check of MEL_ENERGIES and its kin; upyml/format/check_sound.py asks the same in the same order.
#include "params_sound.h"

enum { GAINS_BYTES = 2 * 125 };

static int check_mel(const uint8_t *file, const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y, uint32_t *scratch) {
    upyml_mel p;
    upyml_read_mel(file, op, &p);
    int32_t points = p.rfft.points, frame = p.rfft.samples;
    UPYML_NEED(upyml_rfft_points_fit(points), PARAMS);
    UPYML_NEED(frame >= 1 && frame <= points && p.hop >= 1 && p.channels >= 1 && p.window_shift <= 31, PARAMS);
    UPYML_NEED(p.first_bin <= p.end_bin && p.end_bin <= points / 2 + 1, PARAMS);
    UPYML_NEED(x->elements >= (uint32_t)frame && y->elements
        == (uint64_t)((x->elements - (uint32_t)frame) / (uint32_t)p.hop + 1) * (uint32_t)p.channels, SHAPE);
    const uint8_t *params = op->params;
    uint32_t weights = upyml_load16(params + UPYML_MEL_ENERGIES_WEIGHT_COUNT), bands = (uint32_t)p.channels + 1;
    uint32_t at = upyml_load32(params + UPYML_MEL_ENERGIES_BANDS);
    UPYML_NEED(upyml_in_data(file, upyml_load32(params + UPYML_MEL_ENERGIES_WINDOW), 2 * (uint32_t)frame, 2), DATA);
    UPYML_NEED(upyml_in_data(file, upyml_load32(params + UPYML_MEL_ENERGIES_TWIDDLES),
        (uint32_t)UPYML_RFFT_TWIDDLE_BYTES(points), 4), DATA);
    UPYML_NEED(upyml_in_data(file, at, 4 * bands + 4 * weights, 4), DATA);
    uint32_t total = 0;
    for (uint32_t band = 0; band < bands; band++) {
        uint32_t first = upyml_load16(file + at + 4 * band), width = upyml_load16(file + at + 4 * band + 2);
        UPYML_NEED(first + width <= (uint32_t)points / 2 + 1, PARAMS);
        total += width;
    }
    UPYML_NEED(total == weights, PARAMS);
    *scratch = upyml_mel_scratch_size(&p);
    return UPYML_PASSED;
}

static int check_noise_reduction(const uint8_t *file, const upyml_op *op, const upyml_tensor *x, const upyml_tensor *state) {
    upyml_noise_reduction p;
    upyml_read_noise_reduction(file, op, x, &p);
    UPYML_NEED(state->elements == (uint32_t)p.channels, SHAPE);
    UPYML_NEED(p.bits <= 31 && p.smoothing_bits <= 31 && p.clamping <= 1 && p.snr_shift <= 63, PARAMS);
    UPYML_NEED(!p.gains || upyml_in_data(file, upyml_load32(op->params + UPYML_NOISE_REDUCTION_GAINS), GAINS_BYTES, 2), DATA);
    return UPYML_PASSED;
}

static int check_dtypes(int opcode, uint32_t x, uint32_t y) {
    switch (opcode) {
        case UPYML_OPCODE_MEL_ENERGIES:
            return x == UPYML_DTYPE_INT16 && y == UPYML_DTYPE_INT32;
        case UPYML_OPCODE_NOISE_REDUCTION:
            return x == UPYML_DTYPE_INT32 && y == UPYML_DTYPE_INT32;
        case UPYML_OPCODE_LOG_ENERGIES:
            return x == UPYML_DTYPE_INT32 && y == UPYML_DTYPE_INT16;
        default:
            return x == UPYML_DTYPE_INT16 && y == UPYML_DTYPE_INT8;
    }
}

int upyml_check_sound(const uint8_t *file, const upyml_op *op, const upyml_tensor *y, uint32_t *scratch) {
    int noise = op->opcode == UPYML_OPCODE_NOISE_REDUCTION;
    UPYML_NEED(op->input_count == (noise ? 2 : 1), ARITY);
    upyml_tensor x, state;
    upyml_read_link(file, op, 0, &x);
    upyml_read_link(file, op, op->input_count - 1u, &state);
    UPYML_NEED(check_dtypes(op->opcode, x.dtype, y->dtype), DTYPE);
    UPYML_NEED(!noise || (state.dtype == UPYML_DTYPE_INT32 && state.kind == UPYML_KIND_STATE), DTYPE);
    UPYML_NEED(op->order == UPYML_ORDER_DISJOINT, ORDER);
    if (op->opcode == UPYML_OPCODE_MEL_ENERGIES) {
        return check_mel(file, op, &x, y, scratch);
    }
    UPYML_NEED(x.elements == y->elements, SHAPE);
    switch (op->opcode) {
        case UPYML_OPCODE_NOISE_REDUCTION:
            return check_noise_reduction(file, op, &x, &state);
        case UPYML_OPCODE_LOG_ENERGIES:
            UPYML_NEED(op->params[UPYML_LOG_ENERGIES_CORRECTION_BITS] <= 31, PARAMS);
            return UPYML_PASSED;
        default:
            UPYML_NEED(upyml_load_int32(op->params + UPYML_DIVIDE_FEATURES_DIVISOR) >= 1, PARAMS);
            return UPYML_PASSED;
    }
}
