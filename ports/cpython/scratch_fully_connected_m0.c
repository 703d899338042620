// As scratch_conv2d_m0.c.
#define upyml_conv2d_s8_scratch_size upyml_m0_conv2d_s8_scratch_size
#define upyml_fully_connected_s8_scratch_size upyml_m0_fully_connected_s8_scratch_size
#include "../engine/pairs/scratch_fully_connected.c"
