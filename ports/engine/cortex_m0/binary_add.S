// void upyml_m0_add(input1, input2, output, s, at, count, step): see binary_s8.c. 21.5 cycles an element.
#include "hot.h"

    .syntax unified
    .cpu cortex-m0plus
    .thumb

    // sum
    .equ GUARD, 12
    .equ RANGE, 16
    .equ LOW, 20
    .equ P, 24
    // on the stack, below r3 (s), r4 to r11 and lr
    .equ S, 16
    .equ AT, 40
    .equ COUNT, 44
    .equ STEP, 48

    // One element. r2 input1, r3 input2, r4 factor1, r5 factor2, r6 place, r7 guard, r8 output, r9 offset, r10 range,
    // r11 low, r12 step, lr end
    .macro ELEMENT place
element\place:
    ldrsb r0, [r2, r6]
    ldrsb r1, [r3, r6]
    muls r0, r4
    muls r1, r5
    add r1, r9
    adds r0, r1
    bmi below\place
    tst r0, r7
    beq unsure\place
    lsrs r0, #20
clamp\place:
    cmp r0, r10
    bhi above\place
store\place:
    add r0, r11
    mov r1, r8
    strb r0, [r1, r6]
    add r6, r12
    .endm

    .macro ASIDE place
below\place:
    movs r0, #0
    b store\place
above\place:
    mov r0, r10
    b store\place
unsure\place:
    bl exact
    b clamp\place
    .endm

    UPYML_HOT
    .global upyml_m0_add
    .type upyml_m0_add, %function
    .thumb_func
upyml_m0_add:
    push {r3-r7, lr}
    mov r4, r8
    mov r5, r9
    mov r6, r10
    mov r7, r11
    push {r4-r7}
    mov r8, r2
    mov r12, r1
    ldm r3!, {r4-r7}  // factors, offset, guard
    mov r9, r6
    ldm r3!, {r1, r2}  // range, low
    mov r10, r1
    mov r11, r2
    mov r3, r12
    mov r2, r0
    ldr r6, [sp, #AT]
    ldr r0, [sp, #STEP]
    mov r12, r0
    ldr r1, [sp, #COUNT]
    muls r0, r1
    adds r0, r6
    mov lr, r0
    lsls r1, #30  // elements before whole turns of the loop
    beq loop
    lsrs r1, #30
    cmp r1, #2
    beq element2
    bhi element1
    b element3
loop:
    ELEMENT 0
    ELEMENT 1
    ELEMENT 2
    ELEMENT 3
    cmp r6, lr
    bne loop
    pop {r4-r7}
    mov r8, r4
    mov r9, r5
    mov r10, r6
    mov r11, r7
    pop {r3-r7, pc}

    ASIDE 0
    ASIDE 1
    ASIDE 2
    ASIDE 3

// The element at place r6 to r0, by C. lr holds the caller's place in the loop, the loop's end is lost and made anew.
exact:
    push {r2, r3, lr}
    mov r0, r12
    push {r0}
    ldrsb r1, [r2, r6]
    ldrsb r2, [r3, r6]
    ldr r0, [sp, #S + 16]
    ldr r0, [r0, #P]
    bl upyml_m0_add_exact
    pop {r1}
    mov r12, r1
    ldr r2, [sp, #AT + 12]
    ldr r3, [sp, #COUNT + 12]
    muls r1, r3
    adds r1, r2
    mov lr, r1
    pop {r2, r3}
    pop {r1}
    bx r1
