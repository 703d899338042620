# upyml as a user C module for MicroPython's make ports: USER_C_MODULES=<the folder above this one>.
# UPYML_CPU=cortex_m0, a folder of engine/ with faster kernels: in a board's mpconfigboard.mk or on the command line.
# UPYML_WITHOUT="SOFTMAX MEAN", ops that the firmware leaves out: there, or in the environment.

UPYML_DIR := $(USERMOD_DIR)
UPYML_OBJECTS := $(BUILD)/$(notdir $(UPYML_DIR))
UPYML_SOURCES := $(addprefix $(UPYML_DIR)/engine/,$(shell sh $(UPYML_DIR)/engine/sources.sh $(UPYML_CPU)))

SRC_USERMOD_C += $(UPYML_DIR)/module/mod_upyml.c
SRC_USERMOD_LIB_C += $(filter %.c,$(UPYML_SOURCES))
SRC_USERMOD_LIB_ASM += $(filter %.S,$(UPYML_SOURCES))
CFLAGS_USERMOD += -I$(UPYML_DIR)/engine $(UPYML_CPU:%=-I$(UPYML_DIR)/engine/%)

# Warnings stop only our own builds: a newer compiler may have more.
$(UPYML_OBJECTS)/%.o: CFLAGS += $(if $(UPYML_WERROR),-Wall -Wextra -Werror)
# MicroPython's headers have parameters that they do not use.
$(UPYML_OBJECTS)/module/%.o: CFLAGS += $(if $(UPYML_WERROR),-Wno-unused-parameter)
$(UPYML_OBJECTS)/engine/%.o $(UPYML_OBJECTS)/module/%.o: CFLAGS += $(patsubst %,-DUPYML_WITHOUT_%=1,$(UPYML_WITHOUT))
# Ports compile for size; the kernels are where the time goes.
$(UPYML_OBJECTS)/engine/kernels/%.o: CFLAGS += -O2
ifneq ($(UPYML_CPU),)
$(UPYML_OBJECTS)/engine/pairs/%.o $(UPYML_OBJECTS)/engine/$(UPYML_CPU)/%.o: CFLAGS += -O2
# MicroPython's rule for assembly keeps no list of what a file includes.
$(patsubst $(UPYML_DIR)/%.S,$(UPYML_OBJECTS)/%.o,$(filter %.S,$(UPYML_SOURCES))): \
    $(wildcard $(UPYML_DIR)/engine/$(UPYML_CPU)/*.h)
endif
