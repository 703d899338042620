#define FPGAIO 0x40028000u  // Arm's MPS2 board for this core
#include "../mps2_machine.h"
