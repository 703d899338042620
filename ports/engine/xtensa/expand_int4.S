// A channel's weights of four bits from the file, 4 * w in 16 bits, in the order that conv2d_pixels.S explains: 25 instructions
// for eight.
//
// A word of the file has nibbles w + 8: a mask takes a pair, (w1, w0), and after a shift by four bits the next one. Four times
// a nibble and 0x7fe0 has the sign's bit clear where w is below 0 and no carry; with that bit turned it is 4 * w.
#include "hot.h"

// The next pair of a6 to a4's place \to. \pair, \before: it, and the one before, whose upper half comes first.
    .macro PAIR pair, before, to
    and     \pair, a6, a8
    srli    a6, a6, 4
    addx4   \pair, \pair, a9
    xor     \pair, \pair, a10
    src     \before, \pair, \before
    s32i    \before, a3, \to
    .endm

    UPYML_HOT

// uint32_t upyml_expand_int4(const uint8_t *weights, int32_t *stream, int32_t pairs, uint32_t before): as upyml_expand_weights;
// `weights` is the channel's word of the first eight k.
    .global upyml_expand_int4
    .type upyml_expand_int4, @function
    .align 4
upyml_expand_int4:
    entry   a1, 32
    movi    a8, 0x0f
    slli    a9, a8, 16
    or      a8, a8, a9          // 0x000f000f
    movi    a9, 0x3ff
    slli    a9, a9, 5
    slli    a10, a9, 16
    or      a9, a9, a10         // 0x7fe07fe0
    movi    a10, 1
    slli    a10, a10, 15
    slli    a11, a10, 16
    or      a10, a10, a11       // 0x80008000
    ssai    16
    srli    a11, a4, 2
    loopnez a11, 1f
    l32i    a6, a2, 0
    PAIR    a7, a5, 0
    PAIR    a5, a7, 4
    PAIR    a7, a5, 8
    and     a5, a6, a8
    addi    a2, a2, 16
    addx4   a5, a5, a9
    xor     a5, a5, a10
    src     a7, a5, a7
    s32i    a7, a3, 12
    addi    a3, a3, 16
1:  extui   a4, a4, 0, 2
    beqz    a4, 3f
    l32i    a6, a2, 0
    loop    a4, 2f
    PAIR    a7, a5, 0
    mov     a5, a7
    addi    a3, a3, 4
2:
3:  mov     a2, a5
    retw
    .size upyml_expand_int4, . - upyml_expand_int4
