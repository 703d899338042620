"""A recording plays at its rate: sensor_replay.py NAME.bin. Prints what is in it, and how the time passed."""

import sys
from array import array

from upyml.sensors import replay

now = 1000  # us
slept = []


def sleep(us):
    global now
    slept.append(us)
    now += us


replay.ticks_us = lambda: now
replay.pause = sleep
replay.ticks_add = lambda a, b: a + b
replay.ticks_diff = lambda a, b: a - b

sensor = replay.Sensor(sys.argv[1])
print(sensor.channels, sensor.units, sensor.scales, sensor.rate)
counts = array("h", bytes(2 * 2 * 5))
print(sensor.readinto(counts), list(counts), slept, now)
now += 12000  # work: the next block is due 13 ms later than it began
print(["%.2f" % value for value in sensor.read()], slept, now)
print(sensor.readinto(memoryview(counts)), list(counts)[:8], sensor.overruns)
print(sensor.readinto(counts), sensor.readinto(counts), sensor.read(), sensor.overruns)
sensor.close()

del slept[:]
fast = replay.Sensor(sys.argv[1], rate=0)
while fast.readinto(counts):
    pass
print(slept, fast.rate)

late = replay.Sensor(sys.argv[1], rate=1000, buffer=4)
one = memoryview(counts)[:2]
late.readinto(one)
print(list(one), late.overruns)
now += 10000  # ten frames, of which it keeps four
for _ in range(2):
    late.readinto(one)
    print(list(one), late.overruns)

for name, text in (("missing", None), ("damaged", "{"), ("short", '{"channels": ["a"], "units": [], "scales": [1], "rate": 1}')):
    path = sys.argv[1][:-4] + name
    if text:
        with open(path + ".json", "w") as file:
            file.write(text)
    try:
        replay.Sensor(path + ".bin")
    except OSError:
        print("OSError")
    except ValueError as error:
        print(str(error).replace(sys.argv[1][:-4], ""))
