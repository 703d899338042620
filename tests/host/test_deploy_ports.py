"""Which port is meant, and what is said of one that has no board behind it."""

import os
import re
import subprocess
import sys

import pytest
import small_models
from click.testing import CliRunner
from serial.tools import list_ports

from host_tools.cli import main


@pytest.fixture
def model(tmp_path, monkeypatch):
    """A model to deploy. No port is found but those that a test names: a board at this computer is none of a test's."""
    monkeypatch.setattr(list_ports, "comports", lambda: [])
    monkeypatch.delenv("UPYML_PORTS", raising=False)
    path = tmp_path / "m.upm"
    path.write_bytes(small_models.gesture())
    return path


@pytest.fixture
def bare():
    """Two pseudo-terminals with nothing behind them."""
    pairs = [os.openpty() for _ in range(2)]
    yield [os.ttyname(slave) for _, slave in pairs]
    for pair in pairs:
        for end in pair:
            os.close(end)


def refused(*args) -> tuple[int, str]:
    """The exit code of a command that fails, and its one line."""
    result = CliRunner().invoke(main, [str(arg) for arg in args], catch_exceptions=False)
    assert re.fullmatch(r"upyml: [^\n]*\n", result.output), result.output
    return result.exit_code, result.output


def test_no_board(model):
    code, said = refused("deploy", model)
    assert code == 10 and "connect one" in said and "--port" in said
    assert refused("boards") == (10, said)


def test_several_boards(model, bare, monkeypatch):
    monkeypatch.setenv("UPYML_PORTS", ",".join(bare))
    code, said = refused("deploy", model)
    assert code == 11 and all(port in said for port in bare) and "--port" in said


@pytest.mark.parametrize("port", ["/dev/ttyNONE", "socket://127.0.0.1:1", "magic://x"])
def test_a_port_that_is_not_there(model, port):
    code, said = refused("deploy", model, "--port", port)
    assert code == 10 and port in said


def test_a_file_is_no_port(model):
    code, said = refused("deploy", model, "--port", model)
    assert code == 10 and "no serial port" in said


def test_a_busy_port(model, bare):
    """Another program has it: mpremote and this tool lock a port for themselves, and so do most others."""
    hold = "import serial, sys; s = serial.Serial(sys.argv[1], exclusive=True); print('open', flush=True); input()"
    command = [sys.executable, "-c", hold, bare[0]]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"open\n"
        code, said = refused("deploy", model, "--port", bare[0])
        other.communicate(b"\n")
    assert code == 12 and "in use by another program" in said


@pytest.mark.slow
def test_a_board_that_does_not_answer(model, bare):
    code, said = refused("deploy", model, "--port", bare[0])
    assert code == 13 and f"{bare[0]}: no MicroPython answers there" in said


@pytest.mark.slow
def test_boards_lists_it_with_the_reason(model, bare, monkeypatch):
    monkeypatch.setenv("UPYML_PORTS", f"/dev/ttyNONE, {bare[1]}")
    result = CliRunner().invoke(main, ["boards"], catch_exceptions=False)
    first, second = result.output.splitlines()
    assert "there is no port /dev/ttyNONE" in first
    assert second.startswith(f"{bare[1]}: no MicroPython answers there")
    assert result.exit_code == 1


@pytest.mark.parametrize("damage", [lambda file: file[:-1], lambda file: b"something else", lambda file: b""])
def test_a_damaged_model_is_refused_before_the_port_is_opened(model, damage):
    model.write_bytes(damage(model.read_bytes()))
    code, said = refused("deploy", model, "--port", "/dev/ttyNONE")
    assert code == 3


def test_a_model_that_is_not_there(model):
    code, said = refused("deploy", model.with_name("no.upm"), "--port", "/dev/ttyNONE")
    assert code == 2 and "no.upm" in said


def test_a_main_file_that_is_not_there(model):
    code, said = refused("deploy", model, "--main", "no.py", "--port", "/dev/ttyNONE")
    assert code == 2 and "no.py" in said
