// Runs a bare program on the RP2040 of rp2040js, prints a line of JSON for each thing it tells, and ends with its code:
//     node rp2040js_bare.mjs RP2040JS ELF      {"name": "op 0", "cycles": n, "misses": n}      {"text": "arena 1234\n"}
// cycles: without wait states. misses: reads of the model in flash that its cache on the chip would not have had; the
// program lies below it and passes no cache, as a board's hot code runs from RAM.
// RP2040JS is the package's folder. The program's words at 0x40000000 are those of ports/bare/cortex_m0/machine.h.

import { readFileSync, writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [folder, elf] = process.argv.slice(2);
const { RP2040 } = await import(pathToFileURL(`${folder}/dist/esm/index.js`));

const FLASH_START = 0x10000000, MODEL_START = 0x10100000, FLASH_END = 0x11000000, RAM_START = 0x20000000;
const BEGIN = 0, END = 4, EXIT = 12, PRINT = 16, PRINT_NUMBER = 20;
const STORE = 5; // cycles of the write to BEGIN, which are in the count
const PT_LOAD = 1;

const chip = new RP2040();
const stop = (where, message) => {
  throw new Error(`${message} at 0x${chip.core.PC.toString(16)}`);
};
chip.logger = { debug() {}, info() {}, warn: stop, error: stop }; // unaligned, or no memory there
chip.onBreak = (code) => stop('', `breakpoint ${code}`);

const file = readFileSync(elf);
const view = new DataView(file.buffer, file.byteOffset, file.length);
for (let i = 0; i < view.getUint16(44, true); i++) {
  const at = view.getUint32(28, true) + 32 * i;
  const [type, offset, address, , size] = [0, 4, 8, 12, 16].map((field) => view.getUint32(at + field, true));
  if (type === PT_LOAD) {
    const [memory, start] = address >= RAM_START ? [chip.sram, RAM_START] : [chip.flash, FLASH_START];
    memory.set(file.subarray(offset, offset + size), address - start);
  }
}
chip.core.PC = view.getUint32(24, true) & ~1;

// The cache in front of the flash: 16 KB, sets of two lines of 8 bytes, of which the one read longer ago is replaced. The
// halves of a line are read from flash one by one, when they are asked for.
const LINES = 1024;
const newer = new Int32Array(LINES).fill(-1), older = new Int32Array(LINES).fill(-1);
const newerHalves = new Uint8Array(LINES), olderHalves = new Uint8Array(LINES);
let misses = 0;

function cached(read) {
  return (address) => {
    if (address >= MODEL_START && address < FLASH_END) {
      const line = address >>> 3, set = line % LINES, half = 1 << (address >>> 2 & 1);
      if (newer[set] !== line) {
        const halves = older[set] === line ? olderHalves[set] : 0;
        older[set] = newer[set];
        olderHalves[set] = newerHalves[set];
        newer[set] = line;
        newerHalves[set] = halves;
      }
      misses += newerHalves[set] & half ? 0 : 1;
      newerHalves[set] |= half;
    }
    return read.call(chip, address);
  };
}

// None of the three calls another one where there is memory.
for (const read of ['readUint32', 'readUint16', 'readUint8']) {
  chip[read] = cached(chip[read]);
}

function textAt(address) {
  let text = '';
  for (let code; (code = chip.readUint8(address)); address++) {
    text += String.fromCharCode(code);
  }
  return text;
}

const tell = (what) => writeSync(1, JSON.stringify(what) + '\n');
let begun = 0, missed = 0, text = '', code = null;

chip.peripherals[0x40000] = {
  readUint32: () => 0,
  writeUint32Atomic(offset, value) {
    const now = chip.core.cycles;
    switch (offset) {
      case BEGIN:
        begun = now + STORE;
        missed = misses;
        break;
      case END:
        tell({ name: textAt(value), cycles: now - begun, misses: misses - missed });
        break;
      case EXIT:
        code = value;
        break;
      case PRINT:
      case PRINT_NUMBER:
        text += offset === PRINT ? textAt(value) : value >>> 0;
        if (text.endsWith('\n')) {
          tell({ text });
          text = '';
        }
        break;
      default:
        stop('', `write to 0x${(0x40000000 + offset).toString(16)}`);
    }
  },
};

while (code === null) {
  chip.core.executeInstruction();
}
process.exit(code);
