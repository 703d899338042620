"""What the four MLPerf Tiny models take: bytes of the model's input, its activations and a Cortex-M0+'s scratch."""

import json

import pytest
from click.testing import CliRunner

from host_tools import verify
from host_tools.cli import main
from host_tools.convert import convert
from host_tools.errors import ConversionError
from host_tools.passes import lower, order, tidy
from host_tools.passes.plan import plan
from host_tools.readers import tflite_reader

MODELS = {
    "kws_ref_model": (9100, 15400, 0.03),
    "vww_96_int8": (30500, 31500, 0.03),
    "pretrainedResnet_quant": (22000, 32000, 0.03),
    "ad01_int8": (832, 960, 0.03),
}


@pytest.fixture(scope="module")
def planned(models_dir):
    """A function that plans a model."""

    def planned(name, ram):
        graph = tidy.drop_unused(tidy.fuse_padding(tflite_reader.read(models_dir / "mlperf_tiny" / f"{name}.tflite")))
        return verify.plan(plan(order.order(lower.lower(graph)), ram))

    return planned


@pytest.mark.parametrize("name", MODELS)
def test_models_take_little_ram(planned, name):
    smallest, balanced, part = MODELS[name]
    assert planned(name, "smallest").arena_size <= smallest
    program = planned(name, "balanced")
    assert program.arena_size <= balanced and program.overhead <= part


def test_a_kilobyte_more_makes_keyword_spotting_much_faster(planned):
    assert planned("kws_ref_model", 11200).overhead <= 0.1 < planned("kws_ref_model", 9200).overhead


def test_too_little_ram_is_refused_with_the_least(models_dir):
    path = models_dir / "mlperf_tiny" / "ad01_int8.tflite"
    with pytest.raises(ConversionError, match="as little RAM as 700 bytes.*8[0-9]{2} bytes"):
        convert(path, ram=700, check=False)
    assert convert(path, ram="2k", check=False).program.arena_size <= 2048


@pytest.mark.parametrize("ram", ["little", "-5", "0", "2M", "1.5k", ""])
def test_ram_that_is_none(ram):
    with pytest.raises(ConversionError, match="smallest, balanced, fastest, or bytes"):
        convert("nothing.tflite", ram=ram)


def test_the_command_tells_what_the_plan_costs(models_dir, tmp_path):
    command = ["convert", str(models_dir / "mlperf_tiny" / "ad01_int8.tflite"), "-o", str(tmp_path / "m.upm")]
    said = CliRunner().invoke(main, [*command, "--ram", "2k", "--json"])
    assert said.exit_code == 0, said.output
    numbers = json.loads(said.output.splitlines()[-1])
    assert (numbers["plan_bytes"], numbers["plan_overhead"]) == (1920, 0)  # more would bring nothing
    said = CliRunner().invoke(main, [*command, "--ram", "fastest"])
    assert "planned: 1,920 bytes of RAM, as fast as with any" in said.output
    said = CliRunner().invoke(main, [*command, "--ram", "smallest"])
    assert "planned: 832 bytes of RAM, about" in said.output
    said = CliRunner().invoke(main, [*command, "--ram", "700"])
    assert said.exit_code != 0 and "the least for this model is" in said.output
