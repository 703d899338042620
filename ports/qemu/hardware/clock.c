// What `import time` needs from a board.

#include "py/mphal.h"

#include "machine.h"

mp_uint_t mp_hal_ticks_us(void) {
    return machine_microseconds();
}

// Jumps after 71 minutes, when the microseconds do: longer than anything runs here.
mp_uint_t mp_hal_ticks_ms(void) {
    return machine_microseconds() / 1000;
}

mp_uint_t mp_hal_ticks_cpu(void) {
    return machine_microseconds();
}

// Below 71 minutes.
void mp_hal_delay_us(mp_uint_t us) {
    uint32_t start = machine_microseconds();
    while (machine_microseconds() - start < us) {
    }
}

void mp_hal_delay_ms(mp_uint_t ms) {
    mp_hal_delay_us(ms * 1000);
}
