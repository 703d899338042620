// Boots a Pico in rp2040js, gives its raw REPL a script, and prints what came back as one line of JSON:
//     node rp2040js_run.mjs RP2040JS BOOTROM FLASH [PART...] < SCRIPT   {"stdout": "...", "stderr": "...", "cycles": n}
// RP2040JS is the package's folder, BOOTROM and FLASH are files with those memories' bytes; the texts are base64. PART is
// the URL of a module whose default function adds to the chip what rp2040js lacks.

import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [folder, bootrom, flash, ...parts] = process.argv.slice(2);
const { Simulator, USBCDC } = await import(pathToFileURL(`${folder}/dist/esm/index.js`));

const FLASH_START = 0x10000000;
const CTRL_A = 1, CTRL_D = 4;
const PROMPT = Buffer.from('raw REPL; CTRL-B to exit\r\n>');

const simulator = new Simulator();
const chip = simulator.rp2040;
chip.logger = { debug() {}, info() {}, warn() {}, error() {} };
const rom = readFileSync(bootrom);
chip.loadBootrom(new Uint32Array(rom.buffer, rom.byteOffset, rom.length / 4));
chip.flash.set(readFileSync(flash)); // after loadBootrom(), which empties it
chip.core.PC = FLASH_START;
for (const part of parts) {
  (await import(part)).default(chip);
}

const script = readFileSync(0);
const cdc = new USBCDC(chip.usbCtrl);
let toBoard = [];
let ready = null; // [endpoint, size] that the board waits on

// rp2040js answers a board that is ready for data with an empty packet if need be; the board takes it and is ready again
// at once, and spends its time on that. A real host waits until it has data.
const answer = chip.usbCtrl.onEndpointRead;
chip.usbCtrl.onEndpointRead = (endpoint, size) => {
  if (endpoint === cdc.outEndpoint) {
    ready = [endpoint, size];
    feed();
  } else {
    answer(endpoint, size);
  }
};

function feed() {
  if (ready && toBoard.length) {
    const [endpoint, size] = ready;
    ready = null;
    chip.usbCtrl.endpointReadDone(endpoint, Uint8Array.from(toBoard.splice(0, size)));
  }
}

function send(...bytes) {
  toBoard.push(...bytes);
  feed();
}

const received = [];
let state = 'booting';
let prompt = 0; // bytes of PROMPT seen
cdc.onDeviceConnected = () => send(13, CTRL_A);
cdc.onSerialData = (data) => {
  for (const byte of data) {
    if (state === 'booting') {
      prompt = byte === PROMPT[prompt] ? prompt + 1 : byte === PROMPT[0] ? 1 : 0;
      if (prompt === PROMPT.length) {
        state = 'running';
        for (const one of script) {
          toBoard.push(one);
        }
        send(CTRL_D);
      }
    } else {
      received.push(byte);
      if (byte === CTRL_D && received.filter((one) => one === CTRL_D).length === 2) {
        finish();
      }
    }
  }
};

function finish() {
  simulator.stop();
  const [stdout, stderr] = [received.indexOf(CTRL_D), received.length - 1];
  const text = (from, to) => Buffer.from(received.slice(from, to)).toString('base64');
  // "OK" stands before what the script prints
  const result = { stdout: text(2, stdout), stderr: text(stdout + 1, stderr), cycles: chip.core.cycles };
  process.stdout.write(JSON.stringify(result) + '\n', () => process.exit(0));
}

simulator.execute();
