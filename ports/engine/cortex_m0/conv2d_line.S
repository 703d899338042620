// void upyml_conv2d_run_line(c, line, channel), void upyml_run_blocks(b, line, walk)
// A line of pixels for the block that is prepared, or for that, the first of a walk, and those that follow.
// 24 pixels at a time: the accumulators of the block's channels, four words a pixel, go to the stack, from where one
// channel after another is requantized.
//
// An accumulator is the bias + the sum over `segments` times `words` of x by expanded weights. Segments lie segment_step
// bytes apart, pixels pixel_step, weights without gaps. A word of x is (x[k + 1] << 16) + x[k], one of the weights
// (w[k] << 16) + w[k + 1]: the upper half of their product is w[k] * x[k] + w[k + 1] * x[k + 1], the lower half
// w[k + 1] * x[k], less than 2^15. So after ASRS by 16 the carry, bit 15, makes up for a lower half below zero. Two
// products in 3 cycles; 21 a word for the four channels, 26 more a pixel, 9 more a segment and 8 more each 32 words.
//
// Coded weights have turns of their own, in conv2d_sparse_list.S and conv2d_int4_turn.S.
//
// Requantization is that of requantization.c: 15 cycles a value; clamped to the low end 13, to the high end 17; unsure 86.
// 115 cycles a line, 45 for each block that follows, 175 each 24 pixels.
#include "conv2d_line.inc"
#include "hot.h"
#include "registers.inc"

    .syntax unified
    .cpu cortex-m0plus
    .thumb

    // upyml_conv2d_block
    .equ BLOCK_RANGE, 60
    .equ BLOCK_BIAS, 84
    .equ BLOCK_Q, 100 + 8  // pre_shift of the first channel
    .equ Q_BYTES, 28
    .equ AFTER_Q, 36  // from the start of a channel's factors to the next one's pre_shift
    // upyml_walk: weights, channel, blocks, their steps
    .equ CHANNEL, 4
    .equ WALK_BYTES, 20
    // on the stack, see conv2d_line.inc
    .equ X, END + 36  // of the next batch, then LAST: for r8, r11
    .equ Q, END + 44  // then OUT_STEP, RANGE, LOW, PIXELS, OUTPUT
    .equ OUT_STEP, Q + 4
    .equ RANGE, Q + 8
    .equ PIXELS, Q + 16
    .equ OUTPUT, Q + 20
    .equ LEFT, END + 68  // pixels after the batch
    .equ VALUE_ENTRY, END + 72
    .equ REWIND, END + 76
    .equ ZERO_POINT, END + 80
    .equ LINE, END + 84  // its first X and LAST, then OUTPUT of channel 0, COUNT
    .equ WALK, END + 104

    .equ TURN, 32  // words a turn; the first turn of a segment starts where it makes it come out even
    .equ VALUE_CODE, 26  // bytes
    .equ EIGHT_GAP, 4 + 8 * 16  // from the code of eight values to that of the next eight

    .macro DOT accumulator weight
    muls \weight, r1
    asrs \weight, #16
    adcs \accumulator, \weight
    .endm

    UPYML_HOT
    .global upyml_conv2d_run_line
    .type upyml_conv2d_run_line, %function
    .thumb_func
upyml_conv2d_run_line:
    movs r3, #0
    b 1f

    .global upyml_run_blocks
    .type upyml_run_blocks, %function
    .thumb_func
upyml_run_blocks:
    movs r3, r2
1:  SAVE_REGISTERS
    sub sp, #FRAME
    str r0, [sp, #BLOCK]
    str r3, [sp, #WALK]
    mov r12, r2  // the channel, where it is but one
    // What is the same for all blocks.
    ldm r1!, {r3-r7}  // x, output, count, pixel_step, out_step
    str r4, [sp, #LINE + 8]
    str r5, [sp, #LINE + 12]
    str r7, [sp, #OUT_STEP]
    ldr r2, [r0, #ADVANCE]
    subs r6, r2
    str r6, [sp, #ENTRY + 8]
    movs r7, r0
    adds r7, #BLOCK_RANGE
    ldm r7!, {r4-r6}
    add r2, sp, #RANGE
    stm r2!, {r4, r5}
    str r6, [sp, #ZERO_POINT]
    adds r7, #BLOCK_BIAS - BLOCK_RANGE - 12
    str r7, [sp, #BIAS]
    adds r7, #BLOCK_Q - BLOCK_BIAS
    str r7, [sp, #Q]
    ldr r2, [r0, #KIND]
    ldr r1, [r0, #TURN_CODE]
    ldm r0!, {r4-r7}  // weights, their end, span, gap
    add r0, sp, #WEIGHTS
    stm r0!, {r4-r7}
    cmp r2, #KIND_CODED
    beq coded
    lsrs r7, r1, #3  // 32 bytes of code are 4 of x
    subs r3, r7  // where the first turn starts in x
    adr r4, turn
    adds r1, r4
    adr r4, pixel_done
    subs r2, #1
    bmi 1f
    adr r4, next_segment
    beq 1f
    adr r4, next_turn
    adds r5, r6, r3
1:  str r1, [sp, #ENTRY]
    str r4, [sp, #ENTRY + 4]
    str r3, [sp, #LINE]
    str r5, [sp, #LINE + 4]
    mov r2, r12
    ldr r3, [sp, #WALK]
    cmp r3, #0
    beq line
    ldr r2, [r3, #CHANNEL]
    b line

coded:  // r11: the weights' end
    adr r4, pixel_done
    b 1b

line:  // of channel r2
    add r7, sp, #LINE
    ldm r7!, {r3-r6}
    add r7, sp, #X
    stm r7!, {r3, r4}
    adds r5, r2
    str r5, [sp, #OUTPUT]
    str r6, [sp, #LEFT]
next_batch:
    add r0, sp, #ENTRY
    ldm r0!, {r1-r5}
    mov r9, r1
    mov r10, r2
    mov lr, r3
    mov r8, r4
    mov r11, r5
    // The accumulators of fewer than 24 pixels are the last ones.
    ldr r1, [sp, #LEFT]
    movs r0, #BATCH
    subs r2, r1, r0
    bhs 1f
    movs r0, r1
    movs r2, #0
1:  str r2, [sp, #LEFT]
    str r0, [sp, #PIXELS]
    add r1, sp, #END
    str r1, [sp, #END]
    lsls r0, #4
    subs r1, r0
    b first_pixel

    .balign 4
next_turn:  // r11: where the segment's last turn starts in x
    cmp r8, r11
    beq 1f
    movs r1, #4 * TURN
    add r8, r1
    b turn
1:  ldr r1, [sp, #WEIGHTS_END]
    cmp r0, r1
    beq 2f
    ldr r1, [sp, #GAP]
    add r8, r1
    mov r1, r8
    ldr r2, [sp, #SPAN]
    adds r1, r2
    mov r11, r1
    mov pc, r9
2:  mov r1, r8
    add r1, lr
    ldr r2, [sp, #SPAN]
    adds r1, r2
    mov r11, r1
    b pixel_done

    .balign 4
next_segment:  // of a single turn. r11: the weights' end
    cmp r0, r11
    beq pixel_done
    ldr r1, [sp, #GAP]
    add r8, r1
    mov pc, r9

    .balign 4
pixel_done:
    mov r1, r12
    stm r1!, {r4-r7}
    add r8, lr
    ldr r2, [sp, #END]
    cmp r1, r2
    beq batch_done
first_pixel:
    mov r12, r1
    ldr r1, [sp, #BIAS]
    ldm r1!, {r4-r7}
    ldr r0, [sp, #WEIGHTS]
    mov pc, r9
batch_done:
    b requantize

    .balign 4
turn:
    .set word, 0
    .rept TURN
    mov r1, r8
    ldr r1, [r1, #4 * word]
    ldm r0!, {r2, r3}
    DOT r4 r2
    DOT r5 r3
    ldm r0!, {r2, r3}
    DOT r6 r2
    DOT r7 r3
    .set word, word + 1
    .endr
    mov pc, r10

    // One value. r1 pre_shift, r2 factor, r3 shift, r4 guard, r5 accumulators, r6 output, r7 offset, r9 its step,
    // r10 range, r11 low
    .macro VALUE place
value\place:
    ldr r0, [r5, #16 * (\place & 7)]
    asrs r0, r1
    muls r0, r2
    adds r0, r7
    blt below\place
    tst r0, r4
    beq unsure\place
    lsrs r0, r3
clamp\place:
    cmp r0, r10
    bhi above\place
store\place:
    add r0, r11
    strb r0, [r6]
    add r6, r9
    .endm

    .macro VALUE_ASIDE place
below\place:
    movs r0, #0
    b store\place
above\place:
    mov r0, r10
    b store\place
unsure\place:
    ldr r0, [r5, #16 * (\place & 7)]
    bl exact
    b clamp\place
    .endm

    .macro EIGHT places:vararg
    .irp place, \places
    VALUE \place
    .endr
    .endm

    .macro EIGHT_ASIDE places:vararg
    .irp place, \places
    VALUE_ASIDE \place
    .endr
    .endm

requantize:
    mov r0, r8
    mov r1, r11
    add r7, sp, #X
    stm r7!, {r0, r1}
    ldm r7!, {r1-r6}
    mov r8, r1
    mov r9, r2
    mov r10, r3
    mov r11, r4
    muls r2, r5
    adds r1, r6, r2
    str r1, [sp, #OUTPUT]
    movs r1, #1
    subs r1, r2
    mov r12, r1  // from where the output is after a channel to the next one
    movs r1, #BATCH
    subs r1, r5
    add r5, sp, #ACCUMULATORS
    movs r2, #256 - 4
    negs r2, r2  // over the batch, but 4, less what is left out
    movs r0, #VALUE_CODE
    muls r0, r1
    adr r3, value0
    adds r0, r3
    lsrs r1, #3
    lsls r3, r1, #7
    adds r5, r3
    adds r2, r3
    movs r3, #EIGHT_GAP
    muls r3, r1
    adds r0, r3
    str r2, [sp, #REWIND]
    str r0, [sp, #VALUE_ENTRY]
    mov lr, r0
channel:
    mov r0, r8
    ldm r0!, {r1-r4, r7}
    adds r0, #Q_BYTES - 20
    mov r8, r0
    mov pc, lr

    .balign 4
    EIGHT 0, 1, 2, 3, 4, 5, 6, 7
    adds r5, #128  // eight values are in reach of r5
    b value8
    EIGHT_ASIDE 0, 1, 2, 3, 4, 5, 6, 7
    EIGHT 8, 9, 10, 11, 12, 13, 14, 15
    adds r5, #128
    b value16
    EIGHT_ASIDE 8, 9, 10, 11, 12, 13, 14, 15
    EIGHT 16, 17, 18, 19, 20, 21, 22, 23
    cmp r3, #0
    bmi channels_done
    add r6, r12
    ldr r0, [sp, #REWIND]
    adds r5, r0
    b channel
    EIGHT_ASIDE 16, 17, 18, 19, 20, 21, 22, 23

channels_done:
    ldr r0, [sp, #LEFT]
    cmp r0, #0
    beq line_done
    bl next_batch  // too far for another branch
line_done:
    ldr r7, [sp, #WALK]
    cmp r7, #0
    beq done
    ldm r7!, {r1-r5}
    subs r3, #1
    beq done
    adds r1, r4
    adds r2, r5
    subs r7, #WALK_BYTES
    stm r7!, {r1-r3}
    ldr r0, [sp, #BLOCK]
    bl upyml_prepare_freely
    ldr r3, [sp, #WALK]
    ldr r2, [r3, #CHANNEL]
    bl line
done:
    add sp, #FRAME
    RESTORE_REGISTERS

// The accumulator r0, r8 behind its channel's factors, to the output less `low`, from below clamped. Restores lr.
exact:
    push {r1-r4, r7, lr}
    mov r4, r8
    subs r4, #AFTER_Q
    ldm r4!, {r3}
    ldr r2, [r4]
    ldr r1, [sp, #ZERO_POINT + 24]
    bl upyml_m0_exact
    ldr r1, [sp, #VALUE_ENTRY + 24]
    mov lr, r1
    pop {r1-r4, r7, pc}
