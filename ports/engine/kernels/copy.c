#include <string.h>

#include "../kernels.h"

// One run of the innermost axis.
static void copy_run(const uint8_t *from, uint8_t *to, int32_t count, ptrdiff_t step, uint32_t width) {
    if (step == (ptrdiff_t)width) {
        memmove(to, from, (size_t)count * width);
    } else if (width == 1) {
        for (; count > 0; count--, from += step) {
            *to++ = *from;
        }
    } else {
        for (; count > 0; count--, from += step) {
            for (uint32_t byte = 0; byte < width; byte++) {
                *to++ = from[byte];
            }
        }
    }
}

void upyml_copy_strided(const upyml_strided *p, const uint8_t *input, uint8_t *output, uint32_t width) {
    upyml_strided s = *p;
    for (int turns = 0; turns < 3 && s.shape[3] == 1; turns++) {  // the innermost axis shall have elements: they are copied in one go
        memmove(s.shape + 1, s.shape, 3 * sizeof s.shape[0]);
        memmove(s.stride + 1, s.stride, 3 * sizeof s.stride[0]);
        s.shape[0] = 1;
        s.stride[0] = 0;
    }
    const int32_t *n = s.shape, *stride = s.stride;
    for (int32_t i0 = 0; i0 < n[0]; i0++) {
        for (int32_t i1 = 0; i1 < n[1]; i1++) {
            for (int32_t i2 = 0; i2 < n[2]; i2++) {
                int32_t at = i0 * stride[0] + i1 * stride[1] + i2 * stride[2];
                copy_run(input + at * (ptrdiff_t)width, output, n[3], stride[3] * (ptrdiff_t)width, width);
                output += (uint32_t)n[3] * width;
            }
        }
    }
}

void upyml_copy_blocks(const uint8_t *input, uint8_t *output, uint32_t outer, uint32_t block, uint32_t step) {
    for (; outer > 0; outer--, input += block, output += step) {
        memmove(output, input, block);
    }
}

void upyml_pad_8(const int32_t *in_shape, const int32_t *out_shape, const int32_t *before, int value,
    const uint8_t *input, uint8_t *output) {
    const int32_t *n = out_shape;
    memset(output, value, (size_t)n[0] * (size_t)n[1] * (size_t)n[2] * (size_t)n[3]);
    for (int32_t i0 = 0; i0 < in_shape[0]; i0++) {
        for (int32_t i1 = 0; i1 < in_shape[1]; i1++) {
            for (int32_t i2 = 0; i2 < in_shape[2]; i2++, input += in_shape[3]) {
                int32_t row = ((i0 + before[0]) * n[1] + i1 + before[1]) * n[2] + i2 + before[2];
                memmove(output + row * n[3] + before[3], input, (size_t)in_shape[3]);
            }
        }
    }
}
