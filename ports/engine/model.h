// A model's records as structs, read from the file's bytes. Inside the engine only.
#ifndef UPYML_MODEL_H
#define UPYML_MODEL_H

#include "load.h"
#include "upyml.h"

typedef struct {
    uint8_t kind, dtype, rank;
    uint8_t ring_rows;  // 0: the whole tensor; R: room for R rows, row r lies in slot r % R
    uint32_t offset;  // bytes from the start of its area
    int32_t shape[UPYML_MAX_RANK];  // counts beyond the rank are 1
    int32_t zero_point;
    uint32_t elements;
    uint32_t end;  // offset + bytes there is room for
} upyml_tensor;

typedef struct {
    uint8_t opcode, order, input_count;
    uint8_t fused;  // ops in the fused group that starts here
    uint8_t strip;  // rows the op makes at a time in its group; 0: it is in none
    uint32_t top;
    const uint8_t *params;
    const uint8_t *links;  // u16 tensor numbers: inputs, then the output
} upyml_op;

static inline uint32_t upyml_header32(const uint8_t *file, int field) {
    return upyml_load32(file + field);
}

// Bytes of one element of a number type (UPYML_DTYPE_*).
static inline uint32_t upyml_width(int dtype) {
    return dtype <= UPYML_DTYPE_UINT8 ? 1 : dtype == UPYML_DTYPE_INT16 ? 2 : 4;
}

static inline const uint8_t *upyml_tensor_record(const uint8_t *file, uint32_t number) {
    return file + upyml_header32(file, UPYML_HEADER_TENSORS) + number * UPYML_TENSOR_BYTES;
}

// Reads a record that has passed the check.
void upyml_read_tensor(const uint8_t *file, uint32_t number, upyml_tensor *tensor);
void upyml_read_op(const uint8_t *file, uint32_t number, upyml_op *op);

// The tensor at one place of an op's links; the output's place is input_count.
static inline void upyml_read_link(const uint8_t *file, const upyml_op *op, uint32_t place, upyml_tensor *tensor) {
    upyml_read_tensor(file, upyml_load16(op->links + 2 * place), tensor);
}

// Rows of an image of `height` rows that a tensor has room for.
static inline int32_t upyml_room(const upyml_tensor *tensor, int32_t height) {
    return tensor->ring_rows ? tensor->ring_rows : height;
}

// Where an op's scratch begins in the activation area.
static inline uint32_t upyml_scratch_offset(const upyml_op *op) {
    return (op->top + 3) & ~3u;
}

// The op before `number` in the fused group from `first` on that makes a tensor, by the tensor's number; -1: none does.
int32_t upyml_maker(const uint8_t *file, uint32_t first, uint32_t number, uint32_t tensor);

typedef struct {
    uint32_t first, end;  // ops
} upyml_group;

// Checks one op; answers the bytes of activations and scratch it needs, or UPYML_FAILED(..., number). The op's links
// point to existing tensors, all of them checked. group: the last fused group so far, kept by this.
int32_t upyml_check_op(const uint8_t *file, uint32_t number, upyml_group *group);

// Does [offset, offset + length) lie within the data section, offset on a multiple of align?
int upyml_in_data(const uint8_t *file, uint32_t offset, uint64_t length, uint32_t align);

#endif
