// The model's own inputs and outputs.
#include "kernels.h"

static int read_edge(const uint8_t *file, uint32_t number, int output, upyml_tensor *tensor, uint32_t *scale) {
    uint32_t inputs = file[UPYML_HEADER_INPUT_COUNT];
    if (number >= (output ? file[UPYML_HEADER_OUTPUT_COUNT] : inputs)) {
        return 0;
    }
    const uint8_t *links = file + upyml_header32(file, UPYML_HEADER_LINKS);
    uint32_t place = upyml_load16(links + 2 * (output ? inputs + number : number));
    upyml_read_tensor(file, place, tensor);
    *scale = upyml_load32(upyml_tensor_record(file, place) + UPYML_TENSOR_SCALE);
    return 1;
}

static uint32_t edge_size(const uint8_t *file, uint32_t number, int output, uint32_t *width) {
    upyml_tensor tensor;
    uint32_t scale;
    if (!read_edge(file, number, output, &tensor, &scale)) {
        return 0;
    }
    *width = upyml_width(tensor.dtype);
    return tensor.elements;
}

uint32_t upyml_input_size(const uint8_t *file, uint32_t number, uint32_t *width) {
    return edge_size(file, number, 0, width);
}

uint32_t upyml_output_size(const uint8_t *file, uint32_t number, uint32_t *width) {
    return edge_size(file, number, 1, width);
}

uint32_t upyml_caller_size(const uint8_t *file, uint32_t number) {
    upyml_tensor tensor;
    uint32_t scale;
    if (!read_edge(file, number, 0, &tensor, &scale) || tensor.kind != UPYML_KIND_CALLER) {
        return 0;
    }
    return tensor.elements * upyml_width(tensor.dtype);
}

// float32 passes unchanged; int32 (an argmax) is its value.
void upyml_quantize_input(const uint8_t *file, uint32_t number, const uint8_t *floats, uint8_t *raw) {
    upyml_tensor tensor;
    uint32_t scale;
    if (!read_edge(file, number, 0, &tensor, &scale)) {
        return;
    }
    if (tensor.dtype <= UPYML_DTYPE_INT16) {
        upyml_quantize(scale, tensor.zero_point, tensor.dtype, floats, raw, tensor.elements);
    } else {
        upyml_copy_blocks(floats, raw, 1, 4 * tensor.elements, 0);
    }
}

void upyml_dequantize_output(const uint8_t *file, uint32_t number, const uint8_t *raw, uint8_t *floats) {
    upyml_tensor tensor;
    uint32_t scale;
    if (!read_edge(file, number, 1, &tensor, &scale)) {
        return;
    }
    if (tensor.dtype <= UPYML_DTYPE_INT32) {
        const uint32_t one = 0x3f800000u;
        upyml_dequantize(tensor.dtype == UPYML_DTYPE_INT32 ? one : scale, tensor.zero_point, tensor.dtype, raw, floats,
            tensor.elements);
    } else {
        upyml_copy_blocks(raw, floats, 1, 4 * tensor.elements, 0);
    }
}
