# MicroPython's own board VIRT_RV32 with a clock, for the instructions that ESP32-C3 and -C6 have.

include boards/VIRT_RV32/mpconfigboard.mk

# Instructions for control registers belong to every RISC-V by this version of its specification; by the newer one they
# are an extension, with which gcc 12 links the library for 64 bits.
UPYML_CPU = riscv
RV32_ARCH = rv32imc
AFLAGS += -misa-spec=2.2

MICROPY_HEAP_SIZE = 1572864
SRC_BOARD_O += ports/qemu/hardware/virt.o

include $(BOARD_DIR)/../common.mk
