// The XIP streaming interface of an RP2040 for rp2040js, which has none: our model of section 2.6.3 of the chip's
// datasheet, not the chip. A module for rp2040js_run.mjs:
//     xip_stream.mjs?cycles=40      processor cycles a word
//     xip_stream.mjs?words=1000     no more than so many words ever come
// Left out: reads of code and data from flash, which take no time here and on the chip go first.
// The words streamed so far can be read behind its registers, at 0x14000020.

const options = new URL(import.meta.url).searchParams;
const WORD_NANOS = 8 * Number(options.get('cycles') ?? 40); // rp2040js counts 8 ns a cycle
const MOST_WORDS = Number(options.get('words') ?? Infinity);

const CTRL = 0x00, FLUSH = 0x04, STAT = 0x08, STREAM_ADDR = 0x14, STREAM_CTR = 0x18, STREAM_FIFO = 0x1c, COUNT = 0x20;
const FLUSH_READY = 1, FIFO_EMPTY = 2, FIFO_FULL = 4;
const FIFO_WORDS = 2;
const DREQ_XIP_STREAM = 37;

export default function install(chip) {
  let ctrl = 3, address = 0, left = 0, streamed = 0;
  let onItsWay = false, cutOff = false; // a word is read from flash; its stream has been stopped meanwhile
  const fifo = [];

  const arrived = chip.clock.createAlarm(() => {
    onItsWay = false;
    if (cutOff) {
      cutOff = false; // neither kept nor counted, but the address moves on, the next stream's too: pico-sdk issue 122
    } else {
      fifo.push(chip.flashView.getUint32(address & 0xfffffc, true));
      left--;
      streamed++;
      chip.dma.setDREQ(DREQ_XIP_STREAM);
    }
    address += 4;
    next();
  });

  function next() {
    if (left && !onItsWay && fifo.length < FIFO_WORDS && streamed < MOST_WORDS) {
      onItsWay = true;
      arrived.schedule(WORD_NANOS);
    }
  }

  function take() {
    const word = fifo.shift() ?? 0;
    if (!fifo.length) {
      chip.dma.clearDREQ(DREQ_XIP_STREAM);
    }
    next();
    return word >>> 0;
  }

  chip.peripherals[0x14000] = {
    readUint32(offset) {
      switch (offset) {
        case CTRL:
          return ctrl;
        case STAT:
          return FLUSH_READY | (fifo.length ? 0 : FIFO_EMPTY) | (fifo.length === FIFO_WORDS ? FIFO_FULL : 0);
        case STREAM_ADDR:
          return address;
        case STREAM_CTR:
          return left;
        case STREAM_FIFO:
          return take();
        case COUNT:
          return streamed;
      }
      return 0;
    },
    writeUint32Atomic(offset, value, how) {
      const old = this.readUint32(offset);
      const written = [value, old ^ value, old | value, old & ~value][how] >>> 0;
      switch (offset) {
        case CTRL:
          ctrl = written;
          break;
        case STREAM_ADDR:
          address = written & ~3;
          break;
        case STREAM_CTR:
          left = written & 0x3fffff;
          cutOff = onItsWay;
          next();
          break;
        case FLUSH:
          break;
      }
    },
  };
  chip.peripherals[0x50400] = { readUint32: take, writeUint32Atomic() {} };
}
