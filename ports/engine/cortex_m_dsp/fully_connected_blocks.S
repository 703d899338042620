// void upyml_fully_connected_run_blocks(b): see fully_connected_blocks.h. Each weight is used once, so it is not expanded:
// a word of the file has four, and UXTB16 makes pairs of w + 128 of them in the order that SMLADX asks for. What the 128
// add to a sum is the same for all channels and taken off at the start.
//
// Four channels by four k are 18 instructions, 2 loads and 4 for each word of weights: 1.125 a product, and 1.14 with the
// loop. A block takes 44 more with requantization, 20 without.
#include "hot.h"

    .syntax unified
    .thumb

    // upyml_fully_connected_blocks, copied to the stack
    .equ WEIGHTS, 0
    .equ SUMS, 4
    .equ X, 8
    .equ QUADS, 12  // then bytes of code that the first turn leaves out
    .equ SURPLUS, 16
    .equ BLOCKS, 20
    .equ GAP, 24
    .equ OUTPUT, 28
    .equ REQUANTIZATION, 32
    .equ TURNS, 44
    .equ FRAME, 52

    .equ TURN, 8  // quads
    .equ QUAD_CODE, 72  // bytes

    // r0 weights, r1 x, r2, r3 words of x, r4 to r7 sums, r8 to r11 weights, lr turns left
    .macro CHANNEL sum, weights
    uxtb16 r12, \weights
    smladx \sum, r2, r12, \sum
    uxtb16 \weights, \weights, ror #8
    smladx \sum, r3, \weights, \sum
    .endm

    .macro QUAD
    ldrd r2, r3, [r1], #8
    ldm r0!, {r8-r11}
    CHANNEL r4, r8
    CHANNEL r5, r9
    CHANNEL r6, r10
    CHANNEL r7, r11
    .endm

    // As upyml_requantize_int8, by r9, r10 and r11.
    .macro REQUANTIZE sum
    add r3, r10, \sum, asr #31
    lsls \sum, #1
    smmlar \sum, \sum, r9, r3
    asr \sum, r11
    ssat \sum, #8, \sum
    .endm

    UPYML_HOT
    .balign 4
    .global upyml_fully_connected_run_blocks
    .type upyml_fully_connected_run_blocks, %function
    .thumb_func
upyml_fully_connected_run_blocks:
    push {r4-r11, lr}
    sub sp, #FRAME
    ldm r0!, {r4-r11}
    mov r1, sp
    stm r1!, {r4-r11}
    ldm r0, {r8-r10}
    stm r1, {r8-r10}
    mov r0, r4
    add r1, r7, #TURN - 1  // r7: quads
    lsr r1, #3
    str r1, [sp, #TURNS]
    rsb r7, #0
    and r7, #TURN - 1
    mov r1, #QUAD_CODE
    mul r7, r1
    str r7, [sp, #QUADS]
block:
    ldrd r2, r1, [sp, #SUMS]  // and x
    ldm r2, {r4-r7}
    ldrd r8, r9, [sp, #QUADS]  // and surplus
    ldr lr, [sp, #TURNS]
    sub r4, r9
    sub r5, r9
    sub r6, r9
    sub r7, r9
    add pc, r8  // counts from 4 bytes on
    nop
1:  .rept TURN
    QUAD
    .endr
    subs lr, #1
    bne 1b

    ldr r8, [sp, #OUTPUT]
    ldr r9, [sp, #GAP]
    add r0, r9
    ldr r2, [sp, #SUMS]
    cmp r8, #0
    beq keep
    adds r2, #16
    add r3, sp, #REQUANTIZATION
    ldm r3, {r9-r11}
    REQUANTIZE r4
    REQUANTIZE r5
    REQUANTIZE r6
    REQUANTIZE r7
    strb r4, [r8], #1
    strb r5, [r8], #1
    strb r6, [r8], #1
    strb r7, [r8], #1
    str r8, [sp, #OUTPUT]
next_block:
    str r2, [sp, #SUMS]
    ldr r8, [sp, #BLOCKS]
    subs r8, #1
    str r8, [sp, #BLOCKS]
    bne block
    add sp, #FRAME
    pop {r4-r11, pc}

keep:
    stm r2!, {r4-r7}
    b next_block
