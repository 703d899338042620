// A channel's weights from the file, 4 * w in 16 bits, in the order that conv2d_pixels.S explains: 13 instructions for four.
//
// A word of the file, bytes w + 128 of k = 1, 3, 0, 2, holds the pairs (w1, w0) and, eight bits higher, (w3, w2). Four times
// a byte and 0x7e00 has the sign's bit clear and no carry; with that bit turned it is 4 * w. The stream then takes the
// upper half of each pair with the lower one of the next.
#include "hot.h"

// a5: the pair before, and the last one of these.
    .macro FOUR from, to
    l32i    a6, a2, \from
    and     a7, a6, a8
    addx4   a7, a7, a9
    srli    a6, a6, 8
    xor     a7, a7, a10
    src     a5, a7, a5
    and     a6, a6, a8
    s32i    a5, a3, \to
    addx4   a5, a6, a9
    xor     a5, a5, a10
    src     a7, a5, a7
    s32i    a7, a3, \to + 4
    .endm

    UPYML_HOT

// uint32_t upyml_expand_weights(const uint8_t *weights, int32_t *stream, int32_t pairs, uint32_t before): one run of a
// channel; `weights` is its word of the first four k, on a word. Writes one word of the stream for each pair, the first one
// with the upper half of `before`, and answers the last pair.
    .global upyml_expand_weights
    .type upyml_expand_weights, @function
    .align 4
upyml_expand_weights:
    entry   a1, 32
    movi    a8, 0xff
    slli    a9, a8, 16
    or      a8, a8, a9          // 0x00ff00ff
    movi    a9, 0x3f
    slli    a9, a9, 9
    slli    a10, a9, 16
    or      a9, a9, a10         // 0x7e007e00
    movi    a10, 1
    slli    a10, a10, 15
    slli    a11, a10, 16
    or      a10, a10, a11       // 0x80008000
    ssai    16
    srli    a11, a4, 2
    loopnez a11, 1f
    FOUR    0, 0
    FOUR    16, 8
    addi    a2, a2, 32
    addi    a3, a3, 16
1:  bbci    a4, 1, 3f
    FOUR    0, 0
    addi    a2, a2, 16
    addi    a3, a3, 8
3:  bbci    a4, 0, 2f
    l32i    a6, a2, 0
    and     a7, a6, a8
    addx4   a7, a7, a9
    xor     a7, a7, a10
    src     a5, a7, a5
    s32i    a5, a3, 0
    mov     a5, a7
2:  mov     a2, a5
    retw
    .size upyml_expand_weights, . - upyml_expand_weights
