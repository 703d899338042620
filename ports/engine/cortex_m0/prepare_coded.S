// void upyml_prepare_channels(b, unused, channel)
// Biases and channels of a block whose weights were prepared otherwise: the second half of upyml_prepare_block.
#include "hot.h"

    .syntax unified
    .cpu cortex-m0plus
    .thumb

    UPYML_HOT
    .global upyml_prepare_channels
    .type upyml_prepare_channels, %function
    .thumb_func
upyml_prepare_channels:
    push {r4-r7, lr}
    mov r4, r8
    mov r5, r9
    mov r6, r10
    mov r7, r11
    push {r4-r7}
    bl 1f
    pop {r4-r7}
    mov r8, r4
    mov r9, r5
    mov r10, r6
    mov r11, r7
    pop {r4-r7, pc}
1:  push {r0, r2, lr}
    bl upyml_m0_expanded  // a far branch: it returns to the caller
