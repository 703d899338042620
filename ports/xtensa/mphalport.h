#include <stddef.h>
#include <stdint.h>

// Linux's numbers of its calls, as they are on Xtensa.
enum {
    HOST_OPEN = 8,
    HOST_READ = 12,
    HOST_WRITE = 13,
    HOST_MMAP2 = 80,
    HOST_EXIT_GROUP = 119,
    HOST_NANOSLEEP = 195,
    HOST_SIGACTION = 226,
    HOST_CLOCK_GETTIME = 245,
};

// A system call with up to six arguments: its answer, or a negative errno.
int host_call(int number, ...);

void spill_windows(void);

static inline void mp_hal_set_interrupt_char(int c) {
    (void)c;
}
