// Fused groups: ops that run together, row by row, so that tensors between them need room for a few rows only.
//
// By demand: the last op makes its next strip of rows; where an op needs rows that the op which makes them has not made,
// that one makes its next strip first. So no row is made before it is asked for, nor twice.
#include "rows.h"
#include "run.h"

// The first input row that is not needed for the output rows below `end`.
static int32_t rows_needed(const upyml_step *s, int32_t end) {
    if (s->op.opcode == UPYML_OPCODE_ADD || s->op.opcode == UPYML_OPCODE_SUB || s->op.opcode == UPYML_OPCODE_MUL) {
        return end;
    }
    upyml_window p;
    upyml_read_window(s->file, &s->op, &s->x, &s->y, &p);
    int32_t needed = (end - 1) * p.stride_h - p.pad_top + upyml_reach(&p);
    return needed < 0 ? 0 : needed < p.in_h ? needed : p.in_h;
}

// Where the op that was read waits for rows of another one in the group: that one's number, else -1.
static int32_t waits_for(const upyml_step *s, uint32_t first, uint32_t number, const int32_t *made, int32_t needed) {
    for (uint32_t place = 0; place < s->op.input_count; place++) {
        int32_t from = upyml_maker(s->file, first, number, upyml_load16(s->op.links + 2 * place));
        if (from >= 0 && made[from - (int32_t)first] < needed) {
            return from;
        }
    }
    return -1;
}

void upyml_run_group(upyml_step *s, uint32_t first) {
    int32_t made[UPYML_MAX_FUSED] = {0};
    uint32_t last = first + s->op.fused - 1u;
    upyml_step_read(s, last);
    int32_t height = s->y.shape[0];
    while (made[last - first] < height) {
        uint32_t number = last;
        for (;;) {
            upyml_step_read(s, number);
            int32_t *rows = &made[number - first];
            int32_t end = *rows + s->op.strip;
            end = end < s->y.shape[0] ? end : s->y.shape[0];
            int32_t from = waits_for(s, first, number, made, rows_needed(s, end));
            if (from < 0) {
                s->first_row = *rows;
                s->end_row = *rows = end;
                upyml_step_run(s);
                break;
            }
            number = (uint32_t)from;
        }
    }
}
