# upyml as a user C module for MicroPython's make ports: USER_C_MODULES=<the folder above this one>.

UPYML_DIR := $(USERMOD_DIR)

SRC_USERMOD_C += $(UPYML_DIR)/module/mod_upyml.c
SRC_USERMOD_LIB_C += $(addprefix $(UPYML_DIR)/engine/,$(shell cat $(UPYML_DIR)/engine/sources.txt))
CFLAGS_USERMOD += -I$(UPYML_DIR)/engine

# Ports compile for size; these files are where the time goes. Warnings stop only our own builds: a newer compiler may have more.
$(BUILD)/$(notdir $(UPYML_DIR))/%.o: CFLAGS += -O2 $(if $(UPYML_WERROR),-Wall -Wextra -Werror)
