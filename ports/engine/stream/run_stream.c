// Runs the ops of the family STREAM.
#include <string.h>

#include "families.h"
#include "layout_stream.h"
#include "requantize.h"

// A window over time: the state moves towards its front, and what is new comes in at its end. Moving costs less than a
// ring would: the kernels that read the window find it in one piece.
static void run_shift(upyml_step *s) {
    uint32_t width = upyml_width(s->y.dtype);
    size_t added = s->x.elements * width, kept = s->y.elements * width - added;
    memmove(s->output, s->output + added, kept);
    memmove(s->output + kept, s->input, added);
}

// What a state begins with, where that is not its zero point: the flag, a state itself, is 0 after a reset.
static void run_start(upyml_step *s) {
    upyml_tensor x;
    upyml_read_link(s->file, &s->op, 1, &x);
    uint8_t *flag = upyml_tensor_bytes(s, &s->x);
    if (*flag == 0) {
        *flag = 1;
        memmove(s->output, upyml_tensor_bytes(s, &x), s->y.elements * upyml_width(s->y.dtype));
    }
}

// Element i of INT8 or INT16, which may lie at any address.
static int32_t value(const uint8_t *bytes, uint32_t i, int wide) {
    return wide ? upyml_load_int16(bytes + 2 * i) : (int8_t)bytes[i];
}

// Each filter looks at what comes in, remembers what it saw, and weighs the last m of its memories.
static void run_svdf(upyml_step *s) {
    upyml_tensor tensors[5];
    const uint8_t *bytes[5];
    for (uint32_t place = 0; place < 5; place++) {
        upyml_read_link(s->file, &s->op, place, tensors + place);
        bytes[place] = upyml_tensor_bytes(s, tensors + place);
    }
    const uint8_t *fields = s->op.params, *feature = bytes[2], *time = bytes[3], *bias = bytes[4];
    uint32_t rank = upyml_load16(fields + UPYML_SVDF_RANK), filters = s->y.elements * rank, inputs = tensors[0].elements;
    uint32_t memory = tensors[1].elements / filters;
    int wide = tensors[1].dtype == UPYML_DTYPE_INT16;
    int32_t zero_point = tensors[1].zero_point, low = wide ? INT16_MIN : INT8_MIN, high = wide ? INT16_MAX : INT8_MAX;
    uint8_t *state = upyml_tensor_bytes(s, tensors + 1);
    for (uint32_t unit = 0; unit < s->y.elements; unit++) {
        uint32_t sum = upyml_load32(bias + 4 * unit);  // sums wrap
        for (uint32_t r = 0; r < rank; r++, feature += inputs) {
            uint32_t seen = 0;
            for (uint32_t i = 0; i < inputs; i++) {
                seen += (uint32_t)(((int8_t)bytes[0][i] - tensors[0].zero_point) * (int8_t)feature[i]);
            }
            int32_t now = upyml_requantize((int32_t)seen, upyml_load_int32(fields + UPYML_SVDF_MULTIPLIER1),
                (int8_t)fields[UPYML_SVDF_SHIFT1]);
            now = upyml_clamp(upyml_add_wrapped(now, zero_point), low, high);
            uint32_t size = memory << wide;
            memmove(state, state + (1 << wide), size - (1u << wide));
            if (wide) {
                upyml_store16(state + size - 2, (uint32_t)now);
            } else {
                state[size - 1] = (uint8_t)now;
            }
            for (uint32_t i = 0; i < memory; i++) {
                sum += (uint32_t)(value(state, i, wide) - zero_point) * (uint32_t)value(time, i, wide);
            }
            state += size;
            time += size;
        }
        int32_t y = upyml_requantize((int32_t)sum, upyml_load_int32(fields + UPYML_SVDF_MULTIPLIER2),
            (int8_t)fields[UPYML_SVDF_SHIFT2]);
        s->output[unit] = (uint8_t)upyml_clamp(upyml_add_wrapped(y, s->y.zero_point), INT8_MIN, INT8_MAX);
    }
}

void upyml_run_stream(upyml_step *s) {
    if (s->op.opcode == UPYML_OPCODE_SVDF) {
        UPYML_FOR(SVDF, run_svdf(s));
    } else if (s->op.opcode == UPYML_OPCODE_SHIFT) {
        UPYML_FOR(SHIFT, run_shift(s));
    } else {
        UPYML_FOR(START, run_start(s));
    }
}
