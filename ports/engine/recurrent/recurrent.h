// Recurrent layers: what a step brings and the hidden state are multiplied by matrices of int8 weights, the sums become
// int16, and a cell makes the next hidden state of them, element by element. SPEC.md says how each cell counts. Both are
// INT8 or both INT16; the latter by the sums of the family WIDE, where the build has it.
#ifndef UPYML_RECURRENT_H
#define UPYML_RECURRENT_H

#include "../model.h"
#include "layout_recurrent.h"

// A matrix as a fully connected layer has it: weights and channels in the file's order, a multiplier for each channel.
typedef struct {
    const uint8_t *weights, *channels;
    int32_t in_c, out_c;
} upyml_matrix;

// y[c] = requantized bias + sum of x * w of channels `first` to `end`, clamped to int16. first: a multiple of four.
// packed: UPYML_PACKED(in_c) bytes on a word, for a CPU that multiplies pairs; one with its own file of this name does.
void upyml_matrix_s16(const upyml_matrix *m, int32_t first, int32_t end, const int8_t *x, int16_t *y, int32_t *packed);
#define UPYML_PACKED(count) ((((count) + 3) & ~3) * 2)

typedef struct {
    int32_t steps, in_c, units, out_zero_point;
    int opcode;
    int sequence;  // the output has every step's hidden state, else only the last one's
    int wide;  // 1: input, hidden state and output are INT16, else INT8
    int backwards, mirrored, reset_after;
    int activation, gate;  // UPYML_ACTIVATION_*
    upyml_matrix input, recurrent;
    const uint8_t *table;  // of SIGMOID and TANH
    int32_t hidden_multiplier, update_multiplier, clip;
    int hidden_shift, gate_shift, update_shift, cell_shift;
} upyml_recurrent;

void upyml_read_recurrent(const uint8_t *file, const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y,
    upyml_recurrent *p);

// hidden: int8 or int16, of an LSTM and a SIMPLE_RNN; cell: int16, of an LSTM and a GRU, whose hidden state it is. Either may
// be NULL: then it begins with zeros and lies in scratch, on a word, of which upyml_recurrent_scratch_size bytes are used.
void upyml_recurrent_layer(const upyml_recurrent *p, const uint8_t *input, uint8_t *output, void *hidden, int16_t *cell,
    uint8_t *scratch);
uint32_t upyml_recurrent_scratch_size(const upyml_recurrent *p);

// Gates of the op: its matrices have as many channels a unit.
static inline int32_t upyml_gates(int opcode) {
    return opcode == UPYML_OPCODE_LSTM ? 4 : opcode == UPYML_OPCODE_GRU ? 3 : 1;
}

#endif
