// As scratch_conv2d_m0.c.
#define upyml_depthwise_lay_out upyml_m0_depthwise_lay_out
#define upyml_depthwise_conv2d_s8_scratch_size upyml_m0_depthwise_conv2d_s8_scratch_size
#include "../engine/cortex_m0/scratch_depthwise.c"
