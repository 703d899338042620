#include "mulsh.h"

__asm(
    ".text\n.literal_position\n.align 4\n"
    ".global host_on_signal\n.type host_on_signal, @function\n"
    "host_on_signal:\n"
    "entry a1, 32\n"
    "rsr a5, sar\n"
    "mov a10, a2\n"
    "mov a11, a4\n"
    "call8 host_signal\n"
    "wsr a5, sar\n"
    "retw\n");

// Without a 64-bit product, and so without MAC16, whose registers belong to the program that was stopped.
static uint32_t host_high_word(uint32_t a, uint32_t b) {
    uint32_t low = (a & 0xffff) * (b & 0xffff), middle = (a >> 16) * (b & 0xffff) + (low >> 16);
    uint32_t other = (a & 0xffff) * (b >> 16) + (middle & 0xffff);
    return (a >> 16) * (b >> 16) + (middle >> 16) + (other >> 16);
}

int host_mulsh(host_context_t *c) {
    const uint8_t *at = (const uint8_t *)c->pc; // mulsh ar, as, at: bytes t << 4, r << 4 | s, 0xb2
    if (at[2] != 0xb2 || (at[0] & 15)) {
        return 0;
    }
    uint32_t a = c->a[at[1] & 15], b = c->a[at[0] >> 4];
    c->a[at[1] >> 4] = host_high_word(a, b) - ((int32_t)a < 0 ? b : 0) - ((int32_t)b < 0 ? a : 0);
    c->pc += 3;
    return 1;
}
