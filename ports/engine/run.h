// One op on its way: between run.c, the op loop, and group.c, which runs the ops of a fused group by rows.
#ifndef UPYML_RUN_H
#define UPYML_RUN_H

#include "params.h"

typedef struct {
    const uint8_t *file;
    const uint8_t *const *callers;  // inputs that lie with the caller, by place among the inputs
    uint8_t *state, *activations;
    uint32_t activation_size;  // bytes from `activations` on: activations and scratch
    const upyml_scratch *apart;  // the scratch where it does not lie there; or NULL
    upyml_op op;
    upyml_tensor x, y;
    const uint8_t *input;
    uint8_t *output, *scratch;
    int32_t scratch_size;
    int32_t first_row, end_row;  // output rows to make; end_row 0: all, of an op outside a group
} upyml_step;

uint8_t *upyml_tensor_bytes(const upyml_step *s, const upyml_tensor *tensor);

// Reads op `number` and its tensors; all rows.
void upyml_step_read(upyml_step *s, uint32_t number);

// Gives a softmax of many values room for its exponentials, where the scratch has it.
void upyml_let_remember(const upyml_step *s, upyml_softmax *p);

// Runs the op that was read.
void upyml_step_run(upyml_step *s);

// Runs the ops of the fused group that starts with the op that was read, whose number is `first`.
void upyml_run_group(upyml_step *s, uint32_t first);

#endif
