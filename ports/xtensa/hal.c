// MicroPython's stdout and clock, answered by Linux.

#include <time.h>

#include "py/mphal.h"

mp_uint_t mp_hal_stdout_tx_strn(const char *text, size_t size) {
    for (size_t done = 0; done < size;) {
        int written = host_call(HOST_WRITE, 1, text + done, size - done);
        if (written <= 0) {
            return done;
        }
        done += written;
    }
    return size;
}

// There is no terminal to send "\r\n" to.
void mp_hal_stdout_tx_strn_cooked(const char *text, size_t size) {
    mp_hal_stdout_tx_strn(text, size);
}

int mp_hal_stdin_rx_chr(void) {
    unsigned char c = 4; // the end of the input
    host_call(HOST_READ, 0, &c, 1);
    return c;
}

// Both ways: what is written is taken, and a read waits.
uintptr_t mp_hal_stdio_poll(uintptr_t flags) {
    return flags;
}

// Seconds and nanoseconds, as the calls of 32-bit Linux have them.
typedef struct {
    int32_t seconds, nanoseconds;
} host_time_t;

static host_time_t now(void) {
    host_time_t time;
    host_call(HOST_CLOCK_GETTIME, 1 /* monotonic */, &time);
    return time;
}

mp_uint_t mp_hal_ticks_us(void) {
    host_time_t time = now();
    return (uint32_t)time.seconds * 1000000 + time.nanoseconds / 1000;
}

mp_uint_t mp_hal_ticks_ms(void) {
    host_time_t time = now();
    return (uint32_t)time.seconds * 1000 + time.nanoseconds / 1000000;
}

mp_uint_t mp_hal_ticks_cpu(void) {
    return mp_hal_ticks_us();
}

void mp_hal_delay_us(mp_uint_t us) {
    host_time_t time = {us / 1000000, us % 1000000 * 1000};
    host_call(HOST_NANOSLEEP, &time, 0);
}

void mp_hal_delay_ms(mp_uint_t ms) {
    host_time_t time = {ms / 1000, ms % 1000 * 1000000};
    host_call(HOST_NANOSLEEP, &time, 0);
}
