// What a processor's kernels answer when they are asked for their scratch, for tests on the computer: test_scratch.py.
#include "format_layout.h"
#include "kernels.h"

__attribute__((visibility("default"))) int32_t scratch_size(int opcode, const int32_t *f, int32_t strip);

// f: as _upyml._scratch_size takes them.
int32_t scratch_size(int opcode, const int32_t *f, int32_t strip) {
    if (opcode == UPYML_OPCODE_FULLY_CONNECTED) {
        upyml_fully_connected p = {.rows = f[0], .in_c = f[1], .out_c = f[2], .order = f[3], .coding = f[4],
            .pairs = f[5]};
        return upyml_fully_connected_s8_scratch_size(&p);
    }
    upyml_window p = {
        .in_h = f[0], .in_w = f[1], .in_c = f[2], .out_h = f[3], .out_w = f[4], .out_c = f[5], .kernel_h = f[6],
        .kernel_w = f[7], .stride_h = f[8], .stride_w = f[9], .dilation_h = f[10], .dilation_w = f[11], .pad_top = f[12],
        .pad_left = f[13], .multiplier = f[14], .order = f[15], .in_ring = f[16], .out_ring = f[17], .end_row = f[3],
        .coding = f[18], .pairs = f[19],
    };
    return opcode == UPYML_OPCODE_CONV2D ? upyml_conv2d_s8_scratch_size(&p, strip)
                                         : upyml_depthwise_conv2d_s8_scratch_size(&p, strip);
}
