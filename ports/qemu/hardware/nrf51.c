// Nordic's nRF51: its first timer, which counts microseconds, and its serial port.

#include <stddef.h>

#include "machine.h"
#include "uart.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define TIMER_START REGISTER(0x40008000)
#define TIMER_CAPTURE REGISTER(0x40008040)
#define TIMER_BITMODE REGISTER(0x40008508)
#define TIMER_PRESCALER REGISTER(0x40008510)
#define TIMER_CAPTURED REGISTER(0x40008540)
#define TIMER_32_BITS (3)

#define UART_START_RX REGISTER(0x40002000)
#define UART_START_TX REGISTER(0x40002008)
#define UART_RX_READY REGISTER(0x40002108)
#define UART_TX_READY REGISTER(0x4000211c)
#define UART_ENABLE REGISTER(0x40002500)
#define UART_RX REGISTER(0x40002518)
#define UART_TX REGISTER(0x4000251c)
#define UART_ENABLED (4)

void machine_start(void) {
    UART_ENABLE = UART_ENABLED;
    UART_START_RX = 1;
    UART_START_TX = 1;

    // The timer starts after the serial port: it also makes QEMU look whether something came in already.
    TIMER_BITMODE = TIMER_32_BITS;
    TIMER_PRESCALER = 4; // 16 MHz / 2^4
    TIMER_START = 1;
}

uint32_t machine_microseconds(void) {
    TIMER_CAPTURE = 1;
    return TIMER_CAPTURED;
}

// machine_start() has done it.
void uart_init(void) {
}

int uart_rx_chr(void) {
    if (!UART_RX_READY) {
        return UART_RX_NO_CHAR;
    }
    UART_RX_READY = 0;
    return (int)UART_RX;
}

void uart_tx_strn(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        UART_TX_READY = 0;
        UART_TX = (unsigned char)text[i];
        while (!UART_TX_READY) { // a character written before is lost
        }
    }
}
