// Runs the ops of the family STREAM.
#include <string.h>

#include "families.h"

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

void upyml_run_stream(upyml_step *s) {
    if (s->op.opcode == UPYML_OPCODE_SHIFT) {
        UPYML_FOR(SHIFT, run_shift(s));
    } else {
        UPYML_FOR(START, run_start(s));
    }
}
