// The op loops over time: a layer's code and weights are there once, whatever the number of steps.
#include "recurrent.h"

#include <string.h>

#include "../ops.h"
#include "../wide/wide.h"
#include "activation.h"

// What a run works with. brought, kept: int16 sums of the input's and of the hidden state's matrix, each gate's units one
// after another. hidden: INT8 or, with `wide`, INT16.
typedef struct {
    int32_t *packed;
    int16_t *brought, *kept, *cell;
    void *hidden;
} work;

static int32_t saturate(int32_t x) {
    return upyml_clamp(x, -32768, 32767);
}

// x / 2^15 to the nearest, halves upwards.
static int32_t drop_15(int32_t x) {
    return (x + (1 << 14)) >> 15;
}

// upyml_requantize by 2^shift / 2, which is a shift with both roundings. x: at most 2^30; shift: at most 0.
static int32_t by_power(int32_t x, int shift) {
    return upyml_divide_by_power((x + 1) >> 1, -shift);
}

static void set_hidden(const upyml_recurrent *p, const work *w, int32_t unit, int32_t x) {
    int32_t y = upyml_requantize(x, p->hidden_multiplier, p->hidden_shift);
    if (p->wide) {
        ((int16_t *)w->hidden)[unit] = (int16_t)saturate(y);
    } else {
        ((int8_t *)w->hidden)[unit] = (int8_t)upyml_clamp(upyml_add_wrapped(y, p->out_zero_point), -128, 127);
    }
}

// The sums of channels `first` to `end`. x: INT8 or, with `wide`, INT16 on any byte.
static void multiply(const upyml_recurrent *p, const upyml_matrix *m, int32_t first, int32_t end, const void *x,
    const work *w, int16_t *sums) {
    if (!p->wide) {
        upyml_matrix_s16(m, first, end, x, sums, w->packed);
    } else if (UPYML_HAS_FAMILY(WIDE)) {
        upyml_wide_channels c = upyml_wide_read_channels(m->channels, m->out_c, 1, UPYML_WIDE_INT64);
        upyml_wide_row(m->weights, &c, first, end, x, m->in_c, (uint8_t *)sums);
    }
}

// The functions of `count` channels' two sums, over the first ones: a loop of its own for each of the usual two functions.
static void activate(const upyml_recurrent *p, int activation, int16_t *brought, const int16_t *kept, int32_t count) {
    const uint8_t *table = p->table;
    int32_t times = 3 << p->gate_shift;
    if (activation == UPYML_ACTIVATION_SIGMOID) {
        for (int32_t i = 0; i < count; i++) {
            int32_t sum = saturate(brought[i] + kept[i]);
            brought[i] = (int16_t)upyml_activate(UPYML_ACTIVATION_SIGMOID, table, sum, sum * times);
        }
    } else if (activation == UPYML_ACTIVATION_TANH) {
        for (int32_t i = 0; i < count; i++) {
            int32_t sum = saturate(brought[i] + kept[i]);
            brought[i] = (int16_t)upyml_activate(UPYML_ACTIVATION_TANH, table, sum, sum * times);
        }
    } else {
        for (int32_t i = 0; i < count; i++) {
            int32_t sum = saturate(brought[i] + kept[i]);
            brought[i] = (int16_t)upyml_activate(activation, table, sum, sum * times);
        }
    }
}

// Gates: input, forget, candidate, output.
static void lstm(const upyml_recurrent *p, const work *w) {
    int32_t units = p->units;
    int simple = p->update_multiplier == 1 << 30 && p->update_shift <= 0;  // it is, where all scales are powers of two
    activate(p, p->gate, w->brought, w->kept, 2 * units);
    activate(p, p->activation, w->brought + 2 * units, w->kept + 2 * units, units);
    activate(p, p->gate, w->brought + 3 * units, w->kept + 3 * units, units);
    const int16_t *in = w->brought, *forget = in + units, *candidate = in + 2 * units, *out = in + 3 * units;
    for (int32_t i = 0; i < units; i++) {
        int32_t brought = in[i] * candidate[i];
        brought = simple ? by_power(brought, p->update_shift)
                         : upyml_requantize(brought, p->update_multiplier, p->update_shift);
        int32_t cell = saturate(saturate(by_power(forget[i] * w->cell[i], -14)) + saturate(brought));
        if (p->clip) {
            cell = upyml_clamp(cell, -p->clip, p->clip);
        }
        w->cell[i] = (int16_t)cell;
        int32_t seen = upyml_activate(p->activation, p->table, cell, upyml_three_times(cell, p->cell_shift));
        set_hidden(p, w, i, seen * out[i]);
    }
}

// Gates: update, reset, candidate. The state is int16, in `cell`; the matrix takes it as the output has it.
static void gru(const upyml_recurrent *p, const work *w) {
    int32_t units = p->units;
    activate(p, p->gate, w->brought, w->kept, 2 * units);
    const int16_t *update = w->brought, *reset = update + units;
    int16_t *candidate = w->brought + 2 * units, *kept = w->kept + 2 * units;
    for (int32_t i = 0; i < units; i++) {
        if (p->reset_after) {
            kept[i] = (int16_t)saturate(drop_15(reset[i] * kept[i]));
        } else {  // the candidate's sums are of the state after its reset
            set_hidden(p, w, i, drop_15(reset[i] * w->cell[i]));
        }
    }
    if (!p->reset_after) {
        multiply(p, &p->recurrent, (2 * units) & ~3, 3 * units, w->hidden, w, w->kept);
    }
    activate(p, p->activation, candidate, kept, units);
    for (int32_t i = 0; i < units; i++) {
        int32_t old = update[i], made = (int32_t)((uint32_t)(32768 - old) * (uint32_t)candidate[i]);
        int32_t sum = upyml_add_wrapped(old * w->cell[i], made);
        w->cell[i] = (int16_t)saturate(upyml_add_wrapped(sum, 1 << 14) >> 15);
        set_hidden(p, w, i, w->cell[i]);
    }
}

static void simple_rnn(const upyml_recurrent *p, const work *w) {
    activate(p, p->activation, w->brought, w->kept, p->units);
    for (int32_t i = 0; i < p->units; i++) {
        set_hidden(p, w, i, w->brought[i]);
    }
}

static void step(const upyml_recurrent *p, const uint8_t *x, const work *w) {
    int32_t channels = p->input.out_c;
    multiply(p, &p->input, 0, channels, x, w, w->brought);
    int32_t known = p->opcode == UPYML_OPCODE_GRU && !p->reset_after ? 2 * p->units : channels;
    multiply(p, &p->recurrent, 0, known, w->hidden, w, w->kept);
    switch (p->opcode) {
        case UPYML_OPCODE_LSTM:
            UPYML_FOR(LSTM, lstm(p, w));
            break;
        case UPYML_OPCODE_GRU:
            UPYML_FOR(GRU, gru(p, w));
            break;
        default:
            UPYML_FOR(SIMPLE_RNN, simple_rnn(p, w));
    }
}

static int32_t packed_bytes(const upyml_recurrent *p) {
    return p->wide ? 0 : UPYML_PACKED(p->in_c > p->units ? p->in_c : p->units);
}

uint32_t upyml_recurrent_scratch_size(const upyml_recurrent *p) {
    uint32_t units = (uint32_t)p->units;
    return (uint32_t)packed_bytes(p) + units * (uint32_t)upyml_gates(p->opcode) * 4 + units * (p->wide ? 4 : 3);
}

void upyml_recurrent_layer(const upyml_recurrent *p, const uint8_t *input, uint8_t *output, void *hidden, int16_t *cell,
    uint8_t *scratch) {
    int32_t units = p->units, channels = p->input.out_c, in_bytes = p->in_c << p->wide, bytes = units << p->wide;
    int16_t *sums = (int16_t *)(scratch + packed_bytes(p));
    work w = {(int32_t *)scratch, sums, sums + channels, cell, hidden};
    if (!cell) {
        w.cell = sums + 2 * channels;
        memset(w.cell, 0, 2 * (size_t)units);
    }
    if (!hidden) {
        w.hidden = sums + 2 * channels + units;
        for (int32_t i = 0; i < units; i++) {
            set_hidden(p, &w, i, p->opcode == UPYML_OPCODE_GRU ? w.cell[i] : 0);
        }
    }
    for (int32_t t = 0; t < p->steps; t++) {
        int32_t from = p->backwards ? p->steps - 1 - t : t, to = p->mirrored ? p->steps - 1 - t : t;
        step(p, input + from * in_bytes, &w);
        if (p->sequence || t == p->steps - 1) {
            memcpy(output + (p->sequence ? to * bytes : 0), w.hidden, (size_t)bytes);
        }
    }
}
