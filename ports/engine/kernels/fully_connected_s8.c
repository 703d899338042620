#include <string.h>

#include "../kernels.h"
#include "../weights.h"
#include "coded.h"

static void multiply(const upyml_fully_connected *p, const int8_t *input, int8_t *output) {
    upyml_channels channels = upyml_read_channels(p->channels, p->out_c, p->per_channel);
    int32_t block_bytes = ((p->in_c + 3) & ~3) * 4;
    for (int32_t row = 0; row < p->rows; row++, input += p->in_c, output += p->out_c) {
        const uint8_t *block = p->weights;
        for (int32_t channel = 0; channel < p->out_c; channel += 4, block += block_bytes) {
            int32_t acc[4];
            upyml_start(&channels, channel, acc);
            upyml_dot_run(acc, block, input, p->in_c);
            upyml_finish(&channels, channel, p->out_c, acc, p->out_zero_point, p->clamp_min, p->clamp_max, output);
        }
    }
}

void upyml_fully_connected_s8(const upyml_fully_connected *p, const int8_t *input, int8_t *output, uint8_t *scratch) {
    int8_t *made = output;
    if (p->order != UPYML_ORDER_DISJOINT) {  // the unit of overlap is the whole op: the smaller side waits in scratch
        if (p->in_c < p->out_c) {
            memcpy(scratch, input, (size_t)p->rows * (size_t)p->in_c);
            input = (const int8_t *)scratch;
        } else {
            made = (int8_t *)scratch;
        }
    }
    if (upyml_is_coded(p->coding)) {
        upyml_window pixels = upyml_rows_as_pixels(p);
        pixels.order = UPYML_ORDER_DISJOINT;
        upyml_conv2d_coded(&pixels, p->per_channel, input, made, scratch);
    } else {
        multiply(p, input, made);
    }
    if (made != output) {
        memcpy(output, made, (size_t)p->rows * (size_t)p->out_c);
    }
}

int32_t upyml_fully_connected_s8_scratch_size(const upyml_fully_connected *p) {
    return p->order == UPYML_ORDER_DISJOINT ? 0 : p->rows * (p->in_c < p->out_c ? p->in_c : p->out_c);
}
