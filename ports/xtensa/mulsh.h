// MULSH and signals. The chips have MULSH, the upper half of a product, and QEMU's cores have not: it raises a signal there,
// whose handler computes it. As Linux lays things out.

#ifndef UPYML_XTENSA_MULSH_H
#define UPYML_XTENSA_MULSH_H

#include <stdint.h>

enum { HOST_SIGNAL_ILLEGAL = 4, HOST_SIGNAL_WITH_CONTEXT = 4 };

// Of a system call sigaction (its last argument is 8).
typedef struct {
    void (*handler)(void);
    unsigned long flags;
    void *restorer;
    unsigned long mask[2];
} host_action_t;

typedef struct {
    uint32_t flags, link, stack[3], pc, ps, lbeg, lend, lcount, sar, acclo, acchi, a[16];
} host_context_t;

// To be the handler. It calls host_signal(), and keeps what QEMU does not: the shift amount.
void host_on_signal(void);
void host_signal(int signal, host_context_t *context); // the program's

// Answers 1, and the program goes on behind it, where the instruction that it stopped at is a MULSH.
int host_mulsh(host_context_t *context);

#endif
