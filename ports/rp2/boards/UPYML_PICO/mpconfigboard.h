// The name is the stock board's: tools tell boards by it.
#define MICROPY_HW_BOARD_NAME "Raspberry Pi Pico"

// 2 MB of flash: 640 KB for the firmware as on the stock board, then the models, then the files. 512 KB hold the largest
// model of the MLPerf Tiny set (VWW, 236 KB) beside all the others of it that fit a Pico's RAM.
#define MICROPY_HW_ROMFS_BYTES (512 * 1024)
#define MICROPY_HW_FLASH_STORAGE_BYTES (896 * 1024)
