// Reads records of a file; only the offsets they hold have been looked at where a check calls this.
#include "model.h"

void upyml_read_tensor(const uint8_t *file, uint32_t number, upyml_tensor *tensor) {
    const uint8_t *record = upyml_tensor_record(file, number);
    tensor->kind = record[UPYML_TENSOR_KIND];
    tensor->dtype = record[UPYML_TENSOR_DTYPE];
    tensor->rank = record[UPYML_TENSOR_RANK];
    tensor->ring_rows = record[UPYML_TENSOR_RING_ROWS];
    tensor->offset = upyml_load32(record + UPYML_TENSOR_OFFSET);
    tensor->zero_point = upyml_load_int32(record + UPYML_TENSOR_ZERO_POINT);
    uint32_t row = 1;
    for (int axis = UPYML_MAX_RANK - 1; axis >= 0; axis--) {
        tensor->shape[axis] = upyml_load_int32(record + UPYML_TENSOR_SHAPE + 4 * axis);
        row *= axis ? (uint32_t)tensor->shape[axis] : 1;
    }
    uint32_t rows = (uint32_t)tensor->shape[0];
    tensor->elements = row * rows;
    tensor->end = tensor->offset + row * (tensor->ring_rows ? tensor->ring_rows : rows) * upyml_width(tensor->dtype);
}

void upyml_read_op(const uint8_t *file, uint32_t number, upyml_op *op) {
    const uint8_t *record = file + upyml_header32(file, UPYML_HEADER_OPS) + number * UPYML_OP_BYTES;
    op->opcode = record[UPYML_OP_OPCODE];
    op->order = record[UPYML_OP_ORDER];
    op->input_count = record[UPYML_OP_INPUT_COUNT];
    op->fused = record[UPYML_OP_FUSED];
    op->strip = record[UPYML_OP_STRIP];
    op->top = upyml_load32(record + UPYML_OP_TOP);
    op->params = record + UPYML_OP_PARAMS;
    op->links = file + upyml_header32(file, UPYML_HEADER_LINKS) + 2 * upyml_load16(record + UPYML_OP_LINKS);
}

int32_t upyml_maker(const uint8_t *file, uint32_t first, uint32_t number, uint32_t tensor) {
    while (number-- > first) {
        upyml_op op;
        upyml_read_op(file, number, &op);
        if (upyml_load16(op.links + 2 * op.input_count) == tensor) {
            return (int32_t)number;
        }
    }
    return -1;
}

int upyml_in_data(const uint8_t *file, uint32_t offset, uint64_t length, uint32_t align) {
    uint32_t start = upyml_header32(file, UPYML_HEADER_DATA);
    uint32_t end = start + upyml_header32(file, UPYML_HEADER_DATA_SIZE);
    return start <= offset && offset <= end && length <= end - offset && offset % align == 0;
}
