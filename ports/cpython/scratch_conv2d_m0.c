// The Cortex-M0+ kernels' scratch, for the planner: the same file that is compiled for the board, under other names.
#define upyml_conv2d_s8_scratch_size upyml_m0_conv2d_s8_scratch_size
#include "../engine/pairs/scratch_conv2d.c"
