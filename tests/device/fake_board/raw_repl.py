"""The raw REPL of a MicroPython board, in MicroPython for this computer: standard input and output are its serial port.

Ends with status 42 where the computer asks for a soft reset: whoever started it starts it again. raw_repl.py [raw]
"""

import sys

read, write = sys.stdin.buffer.read, sys.stdout.buffer.write
BANNER = b"raw REPL; CTRL-B to exit\r\n>"


def run(source):
    write(b"OK")
    try:
        exec(compile(source, "<stdin>", "exec"), kept)
        write(b"\x04")
    except BaseException as error:
        write(b"\x04")
        if not isinstance(error, SystemExit):
            sys.print_exception(error)
    write(b"\x04>")


def main():
    raw = "raw" in sys.argv
    if raw:
        write(b"soft reboot\r\n" + BANNER)
    script = b""
    while True:
        try:
            byte = read(1)
            if not byte:
                sys.exit(0)
            if byte == b"\x01":
                raw, script = True, b""
                write(BANNER)
            elif byte == b"\x02":
                raw = False
                write(b"\r\n>>> ")
            elif byte == b"\x03":
                script = b""
            elif byte == b"\x05" and raw and not script:  # raw paste mode: not here
                read(2)
                write(b"R\x00")
            elif byte == b"\x04":
                if raw and script:
                    run(script)
                    script = b""
                elif raw:
                    write(b"OK\r\n")
                    sys.exit(42)
                else:
                    write(b"soft reboot\r\n>>> ")
            elif raw:
                script += byte
        except KeyboardInterrupt:
            script = b""


class WithoutKeyboard:
    """A module `micropython` in which Ctrl-C cannot be switched off: bytes to the board go as text."""


sys.modules["micropython"] = WithoutKeyboard()
kept = {"__name__": "__main__"}
main()
