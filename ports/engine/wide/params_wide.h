// An op's parameters from the file, for the check and the loop of the family WIDE. The fields that they share with base ops
// stand where those have them (see params_wide.c).
#ifndef UPYML_PARAMS_WIDE_H
#define UPYML_PARAMS_WIDE_H

#include "../params.h"
#include "layout_wide.h"
#include "wide.h"

void upyml_read_window_16(const uint8_t *file, const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y,
    upyml_window *p);
void upyml_read_fully_connected_16(const uint8_t *file, const upyml_op *op, const upyml_tensor *x, const upyml_tensor *y,
    upyml_fully_connected *p);
void upyml_read_binary_16(const upyml_op *op, const upyml_tensor *x1, const upyml_tensor *x2, const upyml_tensor *y,
    upyml_binary *p);

// The check of weights and their channels. rows, run: kernel rows, k of a row. fields: where the op's `weights` and `channels`
// stand.
int upyml_check_weights_16(const uint8_t *file, const uint8_t *fields, uint32_t rows, uint64_t run, uint32_t channels,
    int per_channel, int accumulator);

// Whether a code is one of a window's with weights, and where its field `accumulator` stands.
static inline int upyml_has_weights_16(int opcode) {
    return opcode >= UPYML_OPCODE_CONV2D_16 && opcode <= UPYML_OPCODE_FULLY_CONNECTED_16;
}

static inline int upyml_accumulator_16(const upyml_op *op) {
    int field = op->opcode == UPYML_OPCODE_FULLY_CONNECTED_16 ? UPYML_FULLY_CONNECTED_16_ACCUMULATOR : UPYML_CONV2D_16_ACCUMULATOR;
    return op->params[field];
}

#endif
