"""upyml.signal: prints CRC-32s of what each function makes of generated samples, what it says to mistakes, and by how many
bytes the heap grew in calls of all of them, where it can be asked."""

import binascii
import gc
import os
from array import array

from upyml import signal

if hasattr(os, "getenv") and os.getenv("UPYML_ENGINE") == "reference":
    from upyml._reference import samples

    signal._functions = samples


def noise(count, seed, most=32768):
    out = array("h")
    for _ in range(count):
        seed = (seed * 1664525 + 1013904223) & 0xFFFFFFFF
        out.append(((seed >> 16) - 32768) * most // 32768)
    return out


def zeros(count, code="h"):
    return array(code, bytes(count * (2 if code == "h" else 4)))


def crc(values):
    return binascii.crc32(values) & 0xFFFFFFFF


for points in (16, 32, 64, 128, 256):
    x, z, m, p = noise(points, points), zeros(points + 2), zeros(points // 2 + 1), zeros(points // 2 + 1, "i")
    signal.rfft(x, z)
    signal.magnitude(z, m)
    signal.power(z, p)
    print("rfft", points, crc(z), crc(m), crc(p))
    signal.rfft(memoryview(x)[3:-2], z)  # padded with zeros, from any sample on
    print("rfft of a part", crc(z))

x = noise(240, 5)
for window in (signal.hann(240), signal.hamming(240)):
    y = zeros(240)
    signal.weigh(x, window, y)
    print("window", crc(window), crc(y))

found = zeros(8, "i")
signal.statistics(x, found)
print("statistics", list(found))
signal.statistics(array("b", [-128, 127, 5, 0, -1]), found)
print("statistics", list(found))

# Coefficients that any float holds.
biquad = signal.Biquad([(0.25, 0.5, 0.25, -0.75, 0.5), (0.5, -1.0, 0.5, 0.25, -0.125)], channels=3)
y = noise(240, 9)
biquad(memoryview(y)[:120])
biquad(memoryview(y)[120:])
print("biquad", crc(y))
biquad.reset()
y = noise(240, 9)
biquad(y)
print("biquad in one", crc(y))

taps = [1 / 16, 1 / 8, -1 / 4, 1 / 2, 1 / 4, -1 / 8, 1 / 32]
for up, down, channels in ((1, 1, 1), (1, 4, 2), (3, 1, 1), (3, 2, 2)):
    fir = signal.Fir(taps, up, down, channels)
    y = zeros(240 * up // down)
    half = len(y) // 2
    fir(memoryview(x)[:120], memoryview(y)[:half])
    fir(memoryview(x)[120:], memoryview(y)[half:])
    print("fir", up, down, channels, crc(y))

for function, arguments in (
    (signal.rfft, (x, zeros(17))),
    (signal.rfft, (x, zeros(18))),
    (signal.magnitude, (zeros(4), zeros(3))),
    (signal.power, (zeros(5), zeros(2, "i"))),
    (signal.weigh, (x, x, zeros(3))),
    (signal.statistics, (zeros(0), found)),
    (signal.statistics, (x, zeros(7, "i"))),
    (signal.Biquad, ([(3, 0, 0, 0, 0)],)),
    (signal.Biquad, ([(1, 0, 0)],)),
    (signal.Biquad([(1, 0, 0, 0, 0)], 2), (zeros(3),)),
    (signal.Fir, ([0.75, 0.75, 0.75],)),
    (signal.Fir, ([],)),
    (signal.Fir([0.5], 1, 2), (zeros(4), zeros(4))),
    (signal.lowpass, (60, 100)),
    (signal.sinc, (0, 0.5)),
):
    try:
        function(*arguments)
        print("accepted")
    except ValueError as error:
        print(error)

used = gc.mem_alloc if hasattr(gc, "mem_alloc") else int
x, z, m, p, window, y = noise(64, 1), zeros(66), zeros(33), zeros(33, "i"), signal.hann(64), zeros(16)
biquad, fir = signal.Biquad([(0.25, 0.5, 0.25, -0.75, 0.5)]), signal.decimate(4)


def all_of_them(times):
    for _ in range(times):
        signal.weigh(x, window, x)
        biquad(x)
        fir(x, y)
        signal.rfft(x, z)
        signal.power(z, p)
        signal.magnitude(z, m)
        signal.statistics(x, found)


def growth():
    """Bytes by which the heap grew in 20 rounds."""
    gc.collect()
    gc.disable()
    before = used()
    all_of_them(20)
    after = used()
    gc.enable()
    return after - before


all_of_them(1)
if hasattr(signal._functions, "spectrum"):  # those in Python allocate
    used = int
print("heap grew by", growth())
