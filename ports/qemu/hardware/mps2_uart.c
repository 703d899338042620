// The serial port of an MPS2 board that the port's own uart.c does not know.

#include <stddef.h>

#include "machine.h"
#include "uart.h"

#define UART_DATA (*(volatile uint32_t *)(MPS2_UART + 0x00))
#define UART_STATE (*(volatile uint32_t *)(MPS2_UART + 0x04))
#define UART_BAUDDIV (*(volatile uint32_t *)(MPS2_UART + 0x10))
#define UART_STATE_TX_FULL (1)
#define UART_STATE_RX_FULL (2)

// machine_start() has enabled it.
void uart_init(void) {
    UART_BAUDDIV = 16;
}

int uart_rx_chr(void) {
    return UART_STATE & UART_STATE_RX_FULL ? (int)UART_DATA : UART_RX_NO_CHAR;
}

void uart_tx_strn(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        while (UART_STATE & UART_STATE_TX_FULL) {
        }
        UART_DATA = (unsigned char)text[i];
    }
}
