// One accumulator whose output is not sure from upyml_prepared, for assembly: by products of 16-bit halves, both
// roundings. 35 cycles; a left shift or a multiplier below 0 is left to upyml_requantize.
// r0: accumulator, r1: zero point less the clamp's low end, r2: right shift, r3: multiplier. r0 becomes the output less
// the low end, from below clamped; r1 to r4 and r7 are not kept.
#include "hot.h"

    .syntax unified
    .cpu cortex-m0plus
    .thumb

    UPYML_HOT
    .global upyml_m0_exact
    .type upyml_m0_exact, %function
    .thumb_func
upyml_m0_exact:
    push {r1, r2}
    movs r4, r3
    orrs r4, r2
    bmi any
    sxth r2, r3
    subs r3, r2
    lsrs r3, #16
    sxth r4, r0
    movs r7, #0
    asrs r0, #16
    adcs r0, r7
    mov r7, r4
    muls r7, r2
    asrs r7, #16
    muls r2, r0
    adds r7, r2
    muls r4, r3
    muls r0, r3
    lsls r0, #1
    adds r7, r4  // no overflow: see upyml_m0_requantize_exact
    asrs r7, #15
    adcs r0, r7  // the product / 2^31, rounded
    pop {r1, r2}
    asrs r4, r0, #31
    adds r0, r4  // half away from zero; sets the carry that ASRS by 0 leaves as it is
    asrs r0, r2
    adcs r0, r1
    bpl 1f
    movs r0, #0
1:  bx lr

any:
    mov r7, r12
    mov r4, lr
    movs r1, r3
    negs r2, r2
    bl upyml_m0_requantize_any
    mov lr, r4
    mov r12, r7
    pop {r1, r2}
    adds r0, r1
    bpl 1f
    movs r0, #0
1:  bx lr
