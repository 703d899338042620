"""Weights of dense layers that stream from the Pico's flash: the firmware on rp2040js with our model of the interface.

The model, xip_stream.mjs, is made after the chip's datasheet; neither it nor the firmware was held against a chip.
"""

from pathlib import Path

import pytest
import small_models
import upyml

from host_tools import boards
from host_tools.emulators import rp2040, rp2040js

INTERFACE = Path(__file__).with_name("xip_stream.mjs").as_uri()

# Prints the output after each way to run the model, and the words that were streamed meanwhile.
SCRIPT = """
import machine, rp2, upyml
STAT, ADDR, CTR, FIFO, COUNT = (0x14000000 + offset for offset in (0x08, 0x14, 0x18, 0x1c, 0x20))
model = upyml.load("/rom/m.upm")

def run(what, model=model):
    before = machine.mem32[COUNT]
    model.predict([i % 9 - 4 for i in range(len(model.input))])
    print(what, list(model.output), machine.mem32[COUNT] - before, sep=";")

def channels():
    taken = []
    try:
        while True:
            taken.append(rp2.DMA())
    except OSError:
        return taken
"""
IDLE = """
print(machine.mem32[CTR], machine.mem32[STAT] & 2)
taken = channels()
print(len(taken))
for channel in taken:
    channel.close()
"""


def dense():
    """Three dense layers, in the least RAM: their inputs are packed in pieces."""
    b = small_models.Builder()
    x = b.tensor((300,))
    return b.file([x], [b.dense(b.dense(b.dense(x, 41), 200), 10)])


WORDS = 75 * 4 * 11 + 11 * 4 * 50 + 50 * 4 * 3  # for each four inputs and four channels 16 bytes


@pytest.fixture(scope="module")
def printed(require):
    """A function that answers what a script prints on the Pico, line by line. parts: as rp2040js.execute."""
    pico = boards.get("pico")
    require(pico.image.exists(), "the firmware of pico", "make boards")
    require(rp2040js.package(), "rp2040js", "npm install -g rp2040js")
    model = dense()
    segments = rp2040._files_segments(pico, {"m.upm": model, "/m.upm": model})
    flash = rp2040.flash_content(pico.image, segments=segments)

    def run(script, *parts):
        out, error, _ = rp2040js.execute(flash, SCRIPT + script, 300, parts)
        assert not error, error.decode()
        return out.decode().split("\r\n")[:-1]

    return run


@pytest.fixture(scope="module")
def answer():
    """The output of the engine on this computer."""
    model = upyml.load(dense())
    model.predict([i % 9 - 4 for i in range(len(model.input))])
    return str(list(model.output))


def test_weights_in_flash_stream(printed, answer):
    """All of them, each time; then the interface is idle and every DMA channel free."""
    lines = printed("run('flash')\nrun('again')\n" + IDLE, INTERFACE)
    assert lines == [f"flash;{answer};{WORDS}", f"again;{answer};{WORDS}", "0 2", "12"]


def test_where_nothing_can_stream_the_outputs_are_the_same(printed, answer):
    """A model in RAM, no channel free, a stream of somebody else's, whose words wait for him."""
    lines = printed(
        "run('RAM', upyml.load('/m.upm'))\n"
        "taken = channels()\n"
        "run('channels')\n"
        "for channel in taken: channel.close()\n"
        "machine.mem32[ADDR] = 0x10000100\n"
        "machine.mem32[CTR] = 4\n"
        "while not machine.mem32[STAT] & 4: pass\n"
        "run('stream')\n"
        "print([machine.mem32[FIFO] == machine.mem32[0x10000100 + 4 * i] or machine.mem32[STAT] for i in range(2)])\n",
        INTERFACE,
    )
    assert lines == [f"RAM;{answer};0", f"channels;{answer};0", f"stream;{answer};0", "[True, True]"]


@pytest.mark.parametrize("words", [0, 1, 1000, WORDS - 1])
def test_a_stream_that_stops_does_not_stop_the_model(words, printed, answer):
    """The rest is read where it lies, and the interface and the channel are given back."""
    lines = printed("run('flash')\nrun('again')\n" + IDLE, f"{INTERFACE}?words={words}")
    assert lines == [f"flash;{answer};{words}", f"again;{answer};0", "0 2", "12"]


def test_a_chip_without_the_interface_computes_the_same(printed, answer):
    """As rp2040js is, where nothing stands at its addresses."""
    assert printed("run('flash')\n") == [f"flash;{answer};0"]
