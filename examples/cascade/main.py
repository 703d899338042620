"""Tells digits in images: a small model on the board, and where that is not sure, a larger one that is asked over HTTP.

    python main.py [MODEL [RECORDING [HOST:PORT]]]        also micropython main.py; on a board it starts by itself

It asks your module `camera` for images (see README.md); where there is none, or a recording is named, it plays that. server.py
answers at HOST:PORT; where nobody does, the small model's answer stands, with a question mark.
"""

import json
import sys
from array import array

import upyml
from upyml.sensors import replay

SERVER = "127.0.0.1:8080"  # where server.py runs: for a board, the address of that computer in its network
SIDE = 28  # pixels
SECONDS = 5  # that an answer may take


def camera_of(recording):
    """A function that fills a buffer with the pixels of the next image, and answers False where there is no more."""
    if not recording:
        try:
            from camera import capture

            return capture
        except ImportError as error:
            print("no camera (%s): playing recording.bin" % error)
    sensor = replay.Sensor(recording or "recording.bin", rate=0)
    counts = array("h", [0] * (SIDE * SIDE))

    def played(frame):
        if sensor.readinto(counts) < len(frame):
            return False
        for i, value in enumerate(counts):
            frame[i] = value
        return True

    return played


def ask(server, frame):
    """(label, score) by the larger model. Raises OSError where it cannot be reached, or does not answer as it should."""
    import socket

    host, port = server.split(":")
    address = socket.getaddrinfo(host, int(port))[0][-1]
    connection = socket.socket()
    try:
        connection.settimeout(SECONDS)
        connection.connect(address)
        stream = connection if hasattr(connection, "readline") else connection.makefile("rwb")  # MicroPython's is both
        stream.write(b"POST / HTTP/1.0\r\nContent-Length: %d\r\n\r\n" % len(frame))
        stream.write(frame)
        if hasattr(stream, "flush"):
            stream.flush()
        if b" 200 " not in stream.readline():
            raise OSError("the server refused")
        while stream.readline().strip():  # headers
            pass
        answer = json.loads(stream.read())
        return answer["label"], answer["score"]
    except (ValueError, KeyError):
        raise OSError("the server's answer is none")
    finally:
        connection.close()


def main(model_path="model.upm", recording=None, server=SERVER, *_):
    model = upyml.load(model_path)
    sure = float(model.metadata["sure"])
    capture, frame = camera_of(recording), bytearray(SIDE * SIDE)
    number = asked = 0
    while capture(frame):
        number += 1
        label, score = model.classify(frame)
        who = "board"
        if score < sure:
            try:
                label, score = ask(server, frame)
                who = "server"
                asked += 1
            except (OSError, ImportError):  # nobody there, or a board without a network
                who = "board?"
        print("image %2d  %s  %3d %%  %s" % (number, label, round(100 * score), who))
    print("%d of %d were asked" % (asked, number))


if __name__ == "__main__":
    main(*sys.argv[1:])
