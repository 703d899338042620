"""Packets of a recording: what arrives is what was sent, and what does not is counted."""

import io
import sys
from array import array

import pytest
from hypothesis import given, settings, strategies as st

from host_tools.record.packets import Parser
from upyml.sensors import recorder


class Sensor:
    """Counts upwards, two channels; ends after `length` frames, fails at `fails`, loses five before frame `loses`."""

    channels = "a", "b"
    overruns = 0

    def __init__(self, length=1 << 30, fails=-1, loses=-1):
        self.length, self.fails, self.loses, self.frame = length, fails, loses, 0

    def readinto(self, counts):
        for i in range(len(counts) // 2):
            if self.frame == self.fails:
                raise OSError("its wire broke")
            if self.frame == self.loses:
                self.overruns, self.frame = 5, self.frame + 5
            if self.frame >= self.length:
                return i
            counts[2 * i], counts[2 * i + 1] = self.frame % 30000, -(self.frame % 30000)
            self.frame += 1
        return len(counts) // 2


def sent(text=False, frames=100, block=8, **sensor) -> bytes:
    """What the recorder writes, as on a board."""
    raw = io.BytesIO()

    class Stdout:
        buffer = raw

        def write(self, line):
            raw.write(line.encode())

    before, sys.stdout = sys.stdout, Stdout()
    try:
        recorder.record(Sensor(**sensor), frames, block, text)
    finally:
        sys.stdout = before
    return raw.getvalue()


def arrived(data: bytes, text=False, pieces=50):
    """A parser that got it in pieces, and the (numbers of frames, gap) of each packet."""
    parser, found = Parser(text), []
    for i in range(0, len(data), pieces):
        found += parser.feed(data[i : i + pieces])
    found += parser.finish()
    frames = []
    for packet, gap in found:
        counts = array("h", packet.content)
        assert all(counts[i] == -counts[i + 1] for i in range(0, len(counts), 2))
        frames.append((list(counts[::2]), gap))
    return parser, frames


@pytest.mark.parametrize("text", [False, True])
@pytest.mark.parametrize("frames, block, length", [(100, 8, 999), (96, 8, 999), (3, 8, 999), (100, 8, 45), (8, 8, 0), (1, 1, 1)])
def test_all_frames_arrive(text, frames, block, length):
    parser, found = arrived(sent(text, frames, block, length=length), text)
    assert parser.ended and not parser.loss and not parser.reason
    assert [number for numbers, _ in found for number in numbers] == list(range(min(frames, length)))
    assert not any(gap for _, gap in found) and all(len(numbers) <= block for numbers, _ in found)


def test_a_driver_that_fails_says_why():
    parser, found = arrived(sent(fails=20))
    assert parser.ended and parser.reason == "OSError: its wire broke"
    assert [numbers[0] for numbers, _ in found] == [0, 8]


def test_frames_that_the_sensor_lost_are_a_gap():
    """The packet with the gap in it is left out: nobody knows where in it the gap is."""
    parser, found = arrived(sent(loses=20))
    assert (parser.loss.overruns, parser.loss.packets, parser.loss.damaged) == (5, 0, 0)
    assert [(numbers[0], gap) for numbers, gap in found[:4]] == [(0, False), (8, False), (29, True), (37, False)]
    assert str(parser.loss) == "5 frames lost by the sensor"


WHOLE = {text: sent(text) for text in (False, True)}


@settings(max_examples=300, deadline=None)
@given(st.booleans(), st.data())
def test_damage_is_noticed_and_nothing_wrong_is_taken(text, data):
    """Bytes are changed, dropped or added anywhere: what is taken is as it was sent, and what is missing is known."""
    damaged = bytearray(WHOLE[text])
    for _ in range(data.draw(st.integers(1, 3))):
        at, count = data.draw(st.integers(0, len(damaged) - 1)), data.draw(st.integers(0, 60))
        damaged[at : at + count] = data.draw(st.binary(max_size=60))
    parser, found = arrived(bytes(damaged), text, data.draw(st.integers(1, 200)))
    numbers = [numbers for numbers, _ in found]
    expected = [list(range(i, min(i + 8, 100))) for i in range(0, 100, 8)]
    assert all(one in expected for one in numbers) and numbers == sorted(numbers)
    for before, (now, gap) in zip(numbers, found[1:]):
        assert gap == (now[0] != before[-1] + 1)
    if numbers != expected:
        assert parser.loss or not parser.ended
        if parser.ended and not parser.reason:
            assert parser.loss.packets == len(expected) - len(numbers)


def test_a_packet_that_was_cut_by_ctrl_c_is_no_loss():
    parser = Parser()
    whole = sent()
    found = parser.feed(whole[:120])
    parser.stopping = True
    found += parser.feed(whole[-22:])  # the end, which seems to belong to the packet that was cut
    assert len(found) == 2 and not parser.ended
    assert not parser.finish() and parser.ended and not parser.loss
