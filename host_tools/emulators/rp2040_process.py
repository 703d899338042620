"""The process that an emulated Pico is: python -m host_tools.emulators.rp2040_process IMAGE.uf2 FLASH.bin

It prints the path of the board's serial port once the firmware has answered on USB, and runs until its stdin is closed.
All that rp2040py needs changed for our purposes stands here, with its reason.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys

from host_tools.emulators.rp2040 import BOOT_SECONDS, FLASH_SIZE

MILLISECOND = 1_000_000  # in the emulator's nanoseconds
PACE = 0.25  # seconds that the board makes up for at most


async def serve(image: str, flash: str) -> None:
    """Boots the image with the flash file's content, prints the serial port's path once the firmware has answered on
    USB, and goes on until the other end closes our stdin."""
    from rp2040py.boards import BoardSpec
    from rp2040py.cli.pty_repl import PtyInteractiveRepl
    from rp2040py.device import MicroPythonDevice

    device = MicroPythonDevice(board=BoardSpec(image=image))
    with open(flash, "r+b", buffering=0) as file:
        device.mcu.flash[:FLASH_SIZE] = file.read()
        _write_through(device.mcu, file.fileno())
        busy = asyncio.Event()
        _no_empty_packets(device.cdc, busy)
        device.simulator.execute = lambda: _execute(device.simulator, busy)  # which astart() calls
        await device.astart(BOOT_SECONDS)
        running = device.simulator._execute_task
        repl = PtyInteractiveRepl(device.cdc, device.simulator, on_quit=lambda code: running.cancel())
        await repl.start()
        print(repl.slave_path, flush=True)
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nobody reads the pipe any more
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), running.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def _execute(simulator, busy: asyncio.Event) -> None:
    """Runs the chip, in which no time passes faster than here: where its core waits for an interrupt, so do we.

    The emulator's own loop jumps to the next interrupt instead. That keeps one of this computer's cores busy for
    nothing, and a board that gives its host five seconds for an answer (mpremote's mount) has waited them before we
    can read its question. On a busy computer a wait takes longer than asked for: the next ones are left out then, so that
    the board keeps pace.
    """

    def tick() -> None:
        simulator.stopped = simulator.rp2040.core.waiting  # ends the batch
        alarm.schedule(MILLISECOND)

    alarm = simulator.clock.create_alarm(tick)
    alarm.schedule(MILLISECOND)
    now = asyncio.get_running_loop().time
    owed = 0.0  # seconds that we have waited too long
    while True:
        busy.clear()
        simulator.stopped = False
        simulator._execute_batch()
        await asyncio.sleep(0)
        if simulator.stopped and owed >= 0.001:
            owed -= 0.001
        elif simulator.stopped:
            began = now()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(busy.wait(), 0.001)
            owed = min(owed + max(0, now() - began - 0.001), PACE)


def _no_empty_packets(cdc, busy: asyncio.Event) -> None:
    """Makes the emulated USB host silent while it has nothing to send.

    rp2040py answers a board that is ready for data at once, with an empty packet if need be; the board takes it, is
    ready again 10 us later, and spends most of its time on that: a Python loop takes three times as many cycles. A real
    host waits until it has data.
    """
    answer, send = cdc.usb.on_endpoint_read, cdc.send_serial_byte
    ready: list[tuple[int, int]] = []  # the (endpoint, size) that the board waits on

    def on_endpoint_read(endpoint: int, size: int) -> None:
        if endpoint == cdc._out_endpoint and not cdc.tx_fifo.item_count:
            ready[:] = [(endpoint, size)]
        else:
            answer(endpoint, size)

    def send_serial_byte(byte: int) -> None:
        send(byte)
        busy.set()
        if ready:
            asyncio.get_running_loop().call_soon(answer_now)

    def answer_now() -> None:
        if ready and cdc.tx_fifo.item_count:
            answer(*ready.pop())

    forget = cdc.usb.on_reset

    def on_reset() -> None:
        ready.clear()
        forget()

    cdc.usb.on_endpoint_read, cdc.usb.on_reset, cdc.send_serial_byte = on_endpoint_read, on_reset, send_serial_byte


def _write_through(mcu, file: int) -> None:
    """Writes every change of the flash to the file at once.

    rp2040py keeps the flash in memory and saves it, when asked, at the end: a killed emulator would have forgotten it.
    So its flash controller's "carry out this command" is wrapped; after an erase or a program command the block of
    64 KB (the largest that one command erases) around its address goes to the file.
    """
    carry_out = mcu.ssi._apply_command
    block = 1 << 16

    def carry_out_and_save() -> None:
        command = bytes(mcu.ssi._tx_buffer[:4])
        carry_out()
        if len(command) == 4 and command[0] in (0x02, 0x20, 0xD8):  # page program, sector erase, block erase
            start = int.from_bytes(command[1:], "big") // block * block
            if start < FLASH_SIZE:
                os.pwrite(file, mcu.flash[start : start + block], start)

    mcu.ssi._apply_command = carry_out_and_save


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Runs an emulated Pico until stdin closes; prints its serial port.")
    parser.add_argument("image", help="the firmware's UF2 file")
    parser.add_argument("flash", help="the file with the flash's content")
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.image, arguments.flash))
