// The engine's whole contract: check a model once, then run it in an arena the caller owns.
//
// The engine keeps nothing between calls but what the model declares as state, at the start of the arena. It allocates
// nothing, and never reads or writes outside the file, the arena and the buffers it is given.
#ifndef UPYML_H
#define UPYML_H

#include <stddef.h>
#include <stdint.h>

#include "format_layout.h"

#define UPYML_VERSION "0.1.0"

// A failed check: negative; the error is one of UPYML_ERROR_*, `where` the number of the op, tensor or link.
#define UPYML_FAILED(error, where) (-(1 + (int32_t)(error) + 64 * (int32_t)(where)))

// Looks at every byte that matters (`with_crc` 0 leaves out the CRC-32, for a file that has passed once).
// file: the whole .upm, any alignment, must stay unchanged while the model is used. size: its bytes.
// Answers the least arena the model needs with this build's kernels, in bytes, or UPYML_FAILED(...).
int32_t upyml_check(const uint8_t *file, uint32_t size, int with_crc);

// Called after each op with its number; anything but 0 stops the run.
typedef int (*upyml_hook)(void *context, uint32_t op);

// Memory that kernels use for themselves: bytes on a multiple of 4.
typedef struct {
    uint8_t *bytes;
    uint32_t size;  // at least upyml_scratch_size(file); kernels use more for speed
} upyml_scratch;

// Runs all ops of a file that has passed upyml_check. arena: `size` bytes on a multiple of 4, at least as many as it
// answered; kernels use more for speed. scratch: NULL, where they take what the arena has behind the activations; else what
// they use instead, on a board whose arena lies in slow memory. callers: for each input of the model that lies with the
// caller (upyml_caller_size) its bytes, by place among the inputs; NULL where there is none.
// hook may be NULL; the ops of a fused group run together and are told of one by one afterwards.
// Answers 0, or what the hook answered.
int upyml_run(const uint8_t *file, uint8_t *arena, uint32_t size, const upyml_scratch *scratch,
    const uint8_t *const *callers, upyml_hook hook, void *context);

// The least scratch of a file that has passed upyml_check, with this build's kernels.
uint32_t upyml_scratch_size(const uint8_t *file);

// Elements of the model's input (output) `number`, and bytes of one; 0 where there is no such input (output).
uint32_t upyml_input_size(const uint8_t *file, uint32_t number, uint32_t *width);
uint32_t upyml_output_size(const uint8_t *file, uint32_t number, uint32_t *width);

// Bytes of input `number` if it lies with the caller, else 0: where it lies in the arena, or there is no such input.
uint32_t upyml_caller_size(const uint8_t *file, uint32_t number);

// float32 values to and from the number type of an input (output). floats: upyml_input_size elements of 4 bytes, raw:
// as many of `width` bytes. Round half away from zero, then clamp, as TFLite's AffineQuantize.
void upyml_quantize_input(const uint8_t *file, uint32_t number, const uint8_t *floats, uint8_t *raw);
void upyml_dequantize_output(const uint8_t *file, uint32_t number, const uint8_t *raw, uint8_t *floats);

#endif
