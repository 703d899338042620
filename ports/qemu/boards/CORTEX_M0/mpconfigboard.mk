# BBC micro:bit with more memory than the real one. Like MicroPython's board MICROBIT, but it loads native modules.

QEMU_ARCH = arm
QEMU_MACHINE = microbit
UPYML_CPU = cortex_m0

# No QEMU_SOC_NRF51: the port would leave out what loads native code, and its uart.c loses text that comes too fast.
CFLAGS += -mthumb -mcpu=cortex-m0 -mfloat-abi=soft
CFLAGS += -DMICROPY_EMIT_THUMB_ARMV7M=0 -DMICROPY_EMIT_INLINE_THUMB_FLOAT=0
CFLAGS += -DMICROPY_HW_MCU_NAME='"nRF51"'

LDSCRIPT = mcu/arm/nrf51.ld
MICROPY_HEAP_SIZE = 237568 # 232 KB of the 256; the stack has the most of what is left

SRC_BOARD_O = shared/runtime/gchelper_native.o shared/runtime/gchelper_thumb1.o ports/qemu/hardware/nrf51.o

MPY_CROSS_FLAGS += -march=armv6m

include $(BOARD_DIR)/../common.mk
