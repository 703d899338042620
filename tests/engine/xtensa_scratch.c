// Scratch sizes of the kernels for LX6, in a library for tests: test_xtensa_scratch.py.
#include "../../ports/engine/pairs/scratch_conv2d.c"
#include "../../ports/engine/xtensa/scratch_depthwise.c"

int32_t window_scratch(int depthwise, const int32_t fields[18], int32_t strip);
int32_t window_scratch(int depthwise, const int32_t fields[18], int32_t strip) {
    upyml_window p = {
        .in_h = fields[0], .in_w = fields[1], .in_c = fields[2], .out_h = fields[3], .out_w = fields[4], .out_c = fields[5],
        .kernel_h = fields[6], .kernel_w = fields[7], .stride_h = fields[8], .stride_w = fields[9],
        .dilation_h = fields[10], .dilation_w = fields[11], .pad_top = fields[12], .pad_left = fields[13],
        .multiplier = fields[14], .order = fields[15], .in_ring = fields[16], .out_ring = fields[17],
        .end_row = fields[3],
    };
    return depthwise ? upyml_depthwise_conv2d_s8_scratch_size(&p, strip) : upyml_conv2d_s8_scratch_size(&p, strip);
}

int32_t fully_connected_scratch(int32_t rows, int32_t in_c, int32_t out_c, int order);
int32_t fully_connected_scratch(int32_t rows, int32_t in_c, int32_t out_c, int order) {
    upyml_fully_connected p = {.rows = rows, .in_c = in_c, .out_c = out_c, .order = order};
    return upyml_fully_connected_s8_scratch_size(&p);
}
