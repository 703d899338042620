#define FPGAIO 0x50302000u  // Arm's MPS2 board for this core
#include "../mps2_machine.h"
