// The families of ops beyond the base one: each has a folder with its check, its part of the op loop and its kernels.
// -DUPYML_WITHOUT_SIGNAL=1 and the like leave a whole family out; sources.sh then does not name its files.
#ifndef UPYML_FAMILIES_H
#define UPYML_FAMILIES_H

#include "check_op.h"
#include "ops.h"
#include "run.h"

// The check of an op whose links and tensors' places have passed: number of inputs, number types, order, shapes and
// parameters. Answers UPYML_PASSED or UPYML_ERROR_*; scratch: set to the bytes the kernel needs, where it needs any.
int upyml_check_math(const uint8_t *file, const upyml_op *op, const upyml_tensor *y, uint32_t *scratch);
int upyml_check_recurrent(const uint8_t *file, const upyml_op *op, const upyml_tensor *y, uint32_t *scratch);
int upyml_check_stream(const uint8_t *file, const upyml_op *op, const upyml_tensor *y, uint32_t *scratch);
int upyml_check_signal(const uint8_t *file, const upyml_op *op, const upyml_tensor *y, uint32_t *scratch);
int upyml_check_wide(const uint8_t *file, const upyml_op *op, const upyml_tensor *y, uint32_t *scratch);

// Runs an op.
void upyml_run_math(upyml_step *s);
void upyml_run_recurrent(upyml_step *s);
void upyml_run_stream(upyml_step *s);
void upyml_run_signal(upyml_step *s);
void upyml_run_wide(upyml_step *s);

#endif
