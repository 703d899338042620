// For CPUs whose conv2d_block.c makes one line at a time.
#include "conv2d_block.h"

void upyml_conv2d_run_lines(const upyml_conv2d *c, const upyml_conv2d_lines *lines, int32_t channel) {
    upyml_conv2d_run_line(c, &lines->first, channel);
    if (lines->count > 1) {
        upyml_conv2d_line line = lines->first;
        for (int32_t left = lines->count - 1; left > 0; left--) {
            line.x += lines->x_step >> 2;
            line.output += lines->out_step;
            upyml_conv2d_run_line(c, &line, channel);
        }
    }
}
