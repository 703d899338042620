// For CPUs whose conv2d_block.c has no way through all blocks that is better than block by block.
#include "conv2d_block.h"

int upyml_conv2d_run_blocks(upyml_conv2d *c, const upyml_conv2d_lines *lines, const uint8_t *weights, int32_t channel,
    int32_t blocks, int32_t block_bytes) {
    (void)c, (void)lines, (void)weights, (void)channel, (void)blocks, (void)block_bytes;
    return 0;
}
