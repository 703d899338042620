# MicroPython's own board MPS2_AN385, with a clock.

include boards/MPS2_AN385/mpconfigboard.mk

CFLAGS += -DMPS2_FPGAIO=0x40028000 -DMPS2_UART=0x40004000
SRC_BOARD_O += ports/qemu/hardware/mps2.o
MICROPY_HEAP_SIZE = 2097152

include $(BOARD_DIR)/../common.mk
