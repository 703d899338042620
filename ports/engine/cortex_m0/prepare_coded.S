// void upyml_prepare_channels(b, unused, channel)
// Biases and channels of a block whose weights were prepared otherwise: the second half of upyml_prepare_block.
#include "hot.h"
#include "registers.inc"

    .syntax unified
    .cpu cortex-m0plus
    .thumb

    UPYML_HOT
    .global upyml_prepare_channels
    .type upyml_prepare_channels, %function
    .thumb_func
upyml_prepare_channels:
    SAVE_REGISTERS
    bl 1f
    RESTORE_REGISTERS
1:  push {r0, r2, lr}
    bl upyml_m0_expanded  // a far branch: it returns to the caller
