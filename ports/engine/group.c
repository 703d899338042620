// Fused groups: ops that run together, row by row, so that tensors between them need room for a few rows only.
//
// By demand: the last op makes its next strip of rows; where an op needs rows that the op which makes them has not made,
// that one makes them first, a strip at most at a time. So no row is made before it is asked for, nor twice.
#include "rows.h"
#include "run.h"

// What is asked of an op again and again: read from the file once for each run of the group.
typedef struct {
    int32_t height, strip, made;  // output rows: all, at most at a time, made so far
    int32_t in_height, step, before, reach;  // input rows that output row y reads: from y * step - before on, `reach` of them
    int8_t makers[2];  // the ops in the group that make its inputs; -1: none does
} member;

static void read_member(upyml_step *s, uint32_t first, uint32_t place, member *m) {
    upyml_step_read(s, first + place);
    m->height = m->in_height = s->y.shape[0];
    m->strip = s->op.strip;
    m->made = m->before = 0;
    m->step = m->reach = 1;
    for (uint32_t input = 0; input < 2; input++) {
        uint32_t link = input < s->op.input_count ? input : 0;
        int32_t maker = upyml_maker(s->file, first, first + place, upyml_load16(s->op.links + 2 * link));
        m->makers[input] = (int8_t)(maker < 0 ? -1 : maker - (int32_t)first);
    }
    if (s->op.opcode != UPYML_OPCODE_ADD && s->op.opcode != UPYML_OPCODE_SUB && s->op.opcode != UPYML_OPCODE_MUL) {
        upyml_window p;
        upyml_read_window(s->file, &s->op, &s->x, &s->y, &p);
        m->in_height = p.in_h;
        m->step = p.stride_h;
        m->before = p.pad_top;
        m->reach = upyml_reach(&p);
    }
}

// The op that has to make rows next, up to row `end`, so that in the end `place` makes its next ones.
static int32_t next_to_run(const member *members, int32_t place, int32_t *end) {
    int32_t asked = members[place].height;
    for (int waits = 1; waits;) {
        const member *m = &members[place];
        *end = m->made + m->strip < asked ? m->made + m->strip : asked;
        int32_t needed = (*end - 1) * m->step - m->before + m->reach;
        needed = needed < m->in_height ? needed : m->in_height;
        waits = 0;
        for (int input = 0; input < 2 && !waits; input++) {
            int maker = m->makers[input];
            if (maker >= 0 && members[maker].made < needed) {
                place = maker;
                asked = needed;
                waits = 1;
            }
        }
    }
    return place;
}

void upyml_run_group(upyml_step *s, uint32_t first) {
    member members[UPYML_MAX_FUSED];
    int32_t last = s->op.fused - 1;
    for (int32_t place = 0; place <= last; place++) {
        read_member(s, first, (uint32_t)place, &members[place]);
    }
    while (members[last].made < members[last].height) {
        int32_t end, place = next_to_run(members, last, &end);
        upyml_step_read(s, first + (uint32_t)place);
        s->first_row = members[place].made;
        s->end_row = members[place].made = end;
        upyml_step_run(s);
    }
}
