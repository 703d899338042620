// The name is the stock board's: tools tell boards by it.
#define MICROPY_HW_BOARD_NAME "Raspberry Pi Pico"

// 2 MB of flash: 640 KB for the firmware as on the stock board, then the models, then the files. 512 KB hold any model of
// MLPerf Tiny (up to 266 KB), or several of them: VWW, IC and KWS are 345 KB together.
#define MICROPY_HW_ROMFS_BYTES (512 * 1024)
#define MICROPY_HW_FLASH_STORAGE_BYTES (896 * 1024)
