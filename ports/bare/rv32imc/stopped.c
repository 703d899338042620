#include "machine.h"

void stopped(void);

void stopped(void) {
    machine_print("the processor stopped\n");
    machine_exit(1);
}
