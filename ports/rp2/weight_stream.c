// Weights from an RP2040's flash to RAM in the background: the XIP streaming interface and a DMA channel (datasheet, 2.6.3).
//
// The flash's interface reads one word at a time, 20 of its clocks with the address, 40 of the processor's: about as long
// for a stream as for a load that the cache does not have. But a stream does not stop the processor, and it leaves the
// cache to the code. Code and data that are read from flash meanwhile go first.
//
// Each start() is a stream of its own that ends by itself: a stream that is cut off may shift the next one by a word
// (pico-sdk issue 122), so that is done only where one does not come in time, and then there is no next one.
#include "weight_stream.h"

#include "hardware/dma.h"
#include "hardware/structs/xip_ctrl.h"
#include "pico/multicore.h"

enum {
    LEAST = 1024,  // bytes
    PATIENCE = 20000,  // turns of a waiting loop, 8 cycles or more each: 64 words take 2,560 cycles where nobody disturbs
};

static int is_idle(void) {
    return xip_ctrl_hw->stream_ctr == 0 && (xip_ctrl_hw->stat & XIP_STAT_FIFO_EMPTY);
}

// The other core may write to flash while this one waits for it; a stream would go on in the middle of that. So there is
// none while it has a thread: from when that has begun, which says so before it can write, to the core's reset.
static int is_alone(void) {
    return get_core_num() == 0 && !multicore_lockout_victim_is_initialized(1);
}

int upyml_weight_stream_open(const uint8_t *weights, int32_t bytes) {
    uintptr_t first = (uintptr_t)weights;
    if (bytes < LEAST || first < XIP_MAIN_BASE || first >= XIP_NOALLOC_BASE || !is_alone() || !is_idle()) {
        return -1;
    }
    return dma_claim_unused_channel(false);
}

void upyml_weight_stream_start(int stream, const uint8_t *weights, uint32_t *to, int32_t words) {
    dma_channel_config config = dma_channel_get_default_config((uint)stream);
    channel_config_set_read_increment(&config, false);
    channel_config_set_write_increment(&config, true);
    channel_config_set_dreq(&config, DREQ_XIP_STREAM);
    channel_config_set_irq_quiet(&config, true);
    xip_ctrl_hw->stream_addr = (uintptr_t)weights;
    xip_ctrl_hw->stream_ctr = (uint32_t)words;
    dma_channel_configure((uint)stream, &config, to, (const void *)XIP_AUX_BASE, (uint32_t)words, true);
}

int upyml_weight_stream_wait(int stream) {
    for (int turn = 0; dma_channel_is_busy((uint)stream); turn++) {
        if (turn == PATIENCE) {
            return 0;
        }
    }
    __compiler_memory_barrier();
    return 1;
}

// Stops the interface and the channel. Their last accesses end before this does.
static void cut_off(uint channel) {
    xip_ctrl_hw->stream_ctr = 0;
    dma_hw->abort = 1u << channel;
    for (int turn = 0; dma_channel_is_busy(channel) && turn < PATIENCE; turn++) {
    }
    dma_hw->ch[channel].al1_ctrl = 0;
    (void)*(const volatile uint32_t *)XIP_NOCACHE_NOALLOC_BASE;  // takes its turn behind a word on its way
    for (int word = 0; word < 4 && !(xip_ctrl_hw->stat & XIP_STAT_FIFO_EMPTY); word++) {
        (void)xip_ctrl_hw->stream_fifo;
    }
}

void upyml_weight_stream_close(int stream) {
    if (dma_channel_is_busy((uint)stream) || !is_idle()) {
        cut_off((uint)stream);
    }
    dma_channel_unclaim((uint)stream);
}
