# upyml as a user C module for MicroPython's make ports: USER_C_MODULES=<the folder above this one>.

UPYML_DIR := $(USERMOD_DIR)

SRC_USERMOD_C += $(UPYML_DIR)/module/mod_upyml.c
SRC_USERMOD_LIB_C += $(addprefix $(UPYML_DIR)/engine/,$(shell cat $(UPYML_DIR)/engine/sources.txt))
CFLAGS_USERMOD += -I$(UPYML_DIR)/engine

# Warnings stop only our own builds: a newer compiler may have more.
$(BUILD)/$(notdir $(UPYML_DIR))/%.o: CFLAGS += $(if $(UPYML_WERROR),-Wall -Wextra -Werror)
# MicroPython's headers have parameters that they do not use.
$(BUILD)/$(notdir $(UPYML_DIR))/module/%.o: CFLAGS += $(if $(UPYML_WERROR),-Wno-unused-parameter)
# Ports compile for size; the kernels are where the time goes.
$(BUILD)/$(notdir $(UPYML_DIR))/engine/kernels/%.o: CFLAGS += -O2
