// Four channels of pixels below each other to the columns of four planes: 14 instructions a pixel, 22 for two side by side.
// The upper bytes of the halves are 0 already.
#include "hot.h"

// The bytes of \word, x + 128, to the planes at a2, a8, a9 and a10.
    .macro SPREAD word, offset
    s8i     \word, a2, \offset
    srli    \word, \word, 8
    s8i     \word, a8, \offset
    srli    \word, \word, 8
    s8i     \word, a9, \offset
    srli    \word, \word, 8
    s8i     \word, a10, \offset
    .endm

    .macro BEGIN
    entry   a1, 32
    add     a8, a2, a6
    add     a9, a8, a6
    add     a10, a9, a6
    movi    a11, 0x80
    slli    a12, a11, 16
    or      a11, a11, a12
    slli    a12, a11, 8
    or      a11, a11, a12           // 0x80808080
    .endm

    .macro DOWN rows
    .if \rows == 1
    add     a3, a3, a5
    .endif
    addi    a2, a2, 4 * \rows
    addi    a8, a8, 4 * \rows
    addi    a9, a9, 4 * \rows
    addi    a10, a10, 4 * \rows
    .endm

    UPYML_HOT

    .global upyml_depthwise_pack_one
    .type upyml_depthwise_pack_one, @function
    .align 4
upyml_depthwise_pack_one:
    BEGIN
    loopnez a4, 1f
    l32i    a12, a3, 0
    xor     a12, a12, a11
    SPREAD  a12, 0
    DOWN    1
1:  retw
    .size upyml_depthwise_pack_one, . - upyml_depthwise_pack_one

    .global upyml_depthwise_pack_two
    .type upyml_depthwise_pack_two, @function
    .align 4
upyml_depthwise_pack_two:
    BEGIN
    add     a7, a7, a3              // the pixel beside it
    srli    a15, a4, 1
    loopnez a15, 1f                 // two rows at a time
    l32i    a12, a3, 0
    l32i    a13, a7, 0
    add     a3, a3, a5
    add     a7, a7, a5
    xor     a12, a12, a11
    xor     a13, a13, a11
    l32i    a14, a3, 0
    SPREAD  a12, 0
    l32i    a12, a7, 0
    SPREAD  a13, 2
    xor     a14, a14, a11
    xor     a12, a12, a11
    SPREAD  a14, 4
    SPREAD  a12, 6
    add     a3, a3, a5
    add     a7, a7, a5
    DOWN    2
1:  bbci    a4, 0, 2f
    l32i    a12, a3, 0
    l32i    a13, a7, 0
    xor     a12, a12, a11
    xor     a13, a13, a11
    SPREAD  a12, 0
    SPREAD  a13, 2
2:  retw
    .size upyml_depthwise_pack_two, . - upyml_depthwise_pack_two
