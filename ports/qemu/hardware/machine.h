// What an emulated machine gives; each has one file that implements this.

#include <stdint.h>

// Starts what machine_microseconds() reads. Called once, before main().
void machine_start(void);

// Microseconds since the start, modulo 2^32: 71 minutes.
uint32_t machine_microseconds(void);
