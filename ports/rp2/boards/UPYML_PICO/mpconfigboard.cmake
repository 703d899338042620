# Raspberry Pi Pico with upyml in it, and a ROMFS partition for models.
set(PICO_BOARD "pico")
set(PICO_PLATFORM "rp2040")
