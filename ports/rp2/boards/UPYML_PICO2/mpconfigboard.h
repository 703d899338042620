// The name is the stock board's: tools tell boards by it.
#define MICROPY_HW_BOARD_NAME "Raspberry Pi Pico2"

// 4 MB of flash: 1 MB for the firmware as on the stock board, then the models, then the files.
#define MICROPY_HW_ROMFS_BYTES (1024 * 1024)
#define MICROPY_HW_FLASH_STORAGE_BYTES (2048 * 1024)
