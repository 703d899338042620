// int upyml_depthwise_read_3x3(const uint8_t *channel, int32_t weights[9]): see depthwise.h. About 110 cycles.
#include "hot.h"

    .syntax unified
    .cpu cortex-m0plus
    .thumb

.macro size weight
    asrs r5, \weight, #31
    eors \weight, r5
    subs \weight, \weight, r5
.endm

// r6 and r7 turn negative where the sums of two and of three sizes exceed 255.
.macro kernel_row first, second, third
    ldrb r2, [r0, #\first]
    ldrb r3, [r0, #\second]
    ldrb r4, [r0, #\third]
    subs r2, #128
    subs r3, #128
    subs r4, #128
    stm r1!, {r2-r4}
    size r2
    size r3
    size r4
    movs r5, #255
    subs r5, r5, r2
    subs r5, r5, r3
    orrs r6, r5
    subs r5, r5, r4
    orrs r7, r5
.endm

    UPYML_HOT
    .global upyml_depthwise_read_3x3
    .type upyml_depthwise_read_3x3, %function
    .thumb_func
upyml_depthwise_read_3x3:
    push {r4-r7, lr}
    movs r6, #0
    movs r7, #0
    kernel_row 2, 0, 3
    kernel_row 1, 18, 16
    adds r0, #16
    kernel_row 3, 1, 18
    lsrs r0, r7, #31
    lsrs r6, r6, #31
    adds r0, r0, r6
    pop {r4-r7, pc}
