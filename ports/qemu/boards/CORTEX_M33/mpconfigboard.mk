# Arm MPS2 with a Cortex-M33, the core of the RP2350.

QEMU_ARCH = arm
QEMU_MACHINE = mps2-an505
UPYML_CPU = cortex_m_dsp

# No QEMU_SOC_...: the port's uart.c knows none of this machine, so the serial port is ours.
CFLAGS += -mthumb -mcpu=cortex-m33 -mfpu=fpv5-sp-d16 -mfloat-abi=hard
CFLAGS += -DMPS2_FPGAIO=0x50302000 -DMPS2_UART=0x50200000
CFLAGS += -DMICROPY_HW_MCU_NAME='"Cortex-M33"'

LDSCRIPT = $(BOARD_DIR)/an505.ld
MICROPY_HEAP_SIZE = 2097152

# The garbage collector's helpers in assembler are for other cores.
SRC_BOARD_O = shared/runtime/gchelper_generic.o ports/qemu/hardware/mps2.o ports/qemu/hardware/mps2_uart.o

MPY_CROSS_FLAGS += -march=armv7emsp

include $(BOARD_DIR)/../common.mk
