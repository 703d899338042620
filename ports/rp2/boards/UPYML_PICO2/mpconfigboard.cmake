# Raspberry Pi Pico 2 (its Arm cores) with upyml in it, and a ROMFS partition for models.
set(PICO_BOARD "pico2")
set(PICO_PLATFORM "rp2350")
