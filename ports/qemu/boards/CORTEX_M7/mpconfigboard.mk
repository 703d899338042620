# Arm MPS2 with a Cortex-M7: floats of 32 and of 64 bits in hardware.

QEMU_ARCH = arm
QEMU_MACHINE = mps2-an500
UPYML_CPU = cortex_m_dsp

CFLAGS += -mthumb -mcpu=cortex-m7 -mfpu=fpv5-d16 -mfloat-abi=hard
CFLAGS += -DQEMU_SOC_MPS2 -DMPS2_FPGAIO=0x40028000 -DMPS2_UART=0x40004000
CFLAGS += -DMICROPY_HW_MCU_NAME='"Cortex-M7"'

LDSCRIPT = mcu/arm/mps2.ld
MICROPY_HEAP_SIZE = 2097152

SRC_BOARD_O = shared/runtime/gchelper_native.o shared/runtime/gchelper_thumb2.o ports/qemu/hardware/mps2.o

MPY_CROSS_FLAGS += -march=armv7emdp

include $(BOARD_DIR)/../common.mk
