# What every board here adds to MicroPython's qemu port. A board's file includes this one.

UPYML_QEMU := $(abspath $(BOARD_DIR)/../..)

CFLAGS += -DMP_CONFIGFILE='"$(UPYML_QEMU)/mpconfig.h"'

# Found below USER_C_MODULES, the checkout.
SRC_BOARD_O += ports/qemu/hardware/clock.o

ifeq ($(QEMU_ARCH),arm)
SRC_BOARD_O += ports/qemu/hardware/start.o
LDFLAGS += -Wl,--wrap=mp_semihosting_init
endif
