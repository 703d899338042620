"""What can go wrong between a computer and a board: one class each, with the exit code of the command that met it.

The message is one sentence: what was found, what was expected, what to do.
"""

from __future__ import annotations


class DeployError(Exception):
    """Any of them. code: the command's exit code; meaning: how --help tells it."""

    code: int
    meaning: str


class NoBoard(DeployError):
    code = 10
    meaning = "no board found, or no boot drive"


class SeveralBoards(DeployError):
    code = 11
    meaning = "several boards or boot drives found, and none chosen"


class PortBusy(DeployError):
    code = 12
    meaning = "the port is in use, or may not be opened"


class NoAnswer(DeployError):
    code = 13
    meaning = "the board does not answer"


class ConnectionLost(DeployError):
    code = 14
    meaning = "the board was lost in the middle of the work"


class NoRoom(DeployError):
    code = 15
    meaning = "not enough flash, RAM or room on a drive; nothing was written"


class OldFirmware(DeployError):
    code = 16
    meaning = "the board's firmware is too old, takes no native modules or has no ROMFS"


class ReadOnly(DeployError):
    code = 17
    meaning = "the board's file system cannot be written"


class WrongChip(DeployError):
    code = 18
    meaning = "firmware for another chip, or another board than expected; nothing was written"


class DamagedImage(DeployError):
    code = 19
    meaning = "a firmware file that is damaged, cut off or of another kind; nothing was written"


class NotVerified(DeployError):
    code = 20
    meaning = "what the board holds after writing is not what was sent"


class Missing(DeployError):
    code = 21
    meaning = "something upyml itself needs is not there: a native module, a built firmware, mpy-cross"


class OtherVersion(DeployError):
    code = 22
    meaning = "another version of upyml is in the firmware, or found first on the board"


class BoardFailed(DeployError):
    code = 23
    meaning = "the board raised an error of its own"


ALL = (
    NoBoard,
    SeveralBoards,
    PortBusy,
    NoAnswer,
    ConnectionLost,
    NoRoom,
    OldFirmware,
    ReadOnly,
    WrongChip,
    DamagedImage,
    NotVerified,
    Missing,
    OtherVersion,
    BoardFailed,
)
