"""Masks of pruning: whole units, the least ones, and as many as asked for; the schedules of sparsity."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.compress.patterns import mask, masks, pattern
from host_tools.compress.schedule import Constant, Polynomial, schedule
from host_tools.errors import ConversionError

SHAPES = {
    "dense": (10, 6),
    "dense with one output": (5, 1),
    "conv1d": (5, 3, 9),
    "conv2d": (3, 3, 5, 7),
    "conv2d of a grey image": (3, 3, 1, 8),
    "pointwise": (1, 1, 16, 16),
}


def kernel(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def blocks(array):
    """Each block of four outputs by two k of a kernel row, the slow way: as the definition says."""
    rows = array.shape[0] if array.ndim == 4 else 1
    flat = array.reshape(rows, -1, array.shape[-1])
    for row in flat:
        for k in range(0, len(row), 2):
            for output in range(0, row.shape[1], 4):
                yield row[k : k + 2, output : output + 4]


@pytest.mark.parametrize("what", SHAPES)
@pytest.mark.parametrize("sparsity", [0.0, 0.3, 0.5, 0.9])
def test_blocks_go_whole_and_the_least_first(what, sparsity):
    weights = kernel(SHAPES[what])
    kept = mask(weights, "block4x2", sparsity)
    parts = list(blocks(kept))
    assert all(part.all() or not part.any() for part in parts)
    scores = [float(np.square(part, dtype=np.float64).sum()) for part in blocks(weights)]
    gone = [score for score, part in zip(scores, parts) if not part.any()]
    stay = [score for score, part in zip(scores, parts) if part.any()]
    assert max(gone, default=0) <= min(stay)
    assert abs((~kept).sum() - sparsity * kept.size) <= 8 / 2 or len(stay) == 1


@pytest.mark.parametrize("what", SHAPES)
@pytest.mark.parametrize("sparsity", [0.0, 0.3, 0.5, 0.75, 0.9])
def test_an_even_number_of_four_outputs_blocks_stays(what, sparsity):
    """Or one. And as many go as without that, to within one; of each four outputs the least ones."""
    weights = kernel(SHAPES[what])
    usual, (kept,) = mask(weights, "block4x2", sparsity), masks([weights], "block4x2", [sparsity], even=True)
    for output in range(0, kept.shape[-1], 4):
        part = slice(output, output + 4)
        scores = [float(np.square(block, dtype=np.float64).sum()) for block in blocks(weights[..., part])]
        stay = [bool(block.any()) for block in blocks(kept[..., part])]
        assert sum(stay) % 2 == 0 or sum(stay) == 1 or all(stay)
        gone = [score for score, there in zip(scores, stay) if not there]
        assert max(gone, default=0) <= min((score for score, there in zip(scores, stay) if there), default=np.inf)
    counts = [sum(bool(block.any()) for block in blocks(made)) for made in (usual, kept)]
    assert abs(counts[0] - counts[1]) <= 1 and counts[1] > 0


def test_evening_costs_the_least():
    """Of three lists with three blocks two take their best pruned one back; the one whose third is least loses it, and a list
    with one block keeps it."""
    weights = np.zeros((10, 16), np.float32)
    for output, sizes in ((0, (5, 5, 5, 0.9)), (4, (5, 5, 5, 0.8)), (8, (5, 5, 1, 0.1)), (12, (5, 0.2))):
        weights[: 2 * len(sizes) : 2, output] = sizes
    usual, (kept,) = mask(weights, "block4x2", 0.5), masks([weights], "block4x2", [0.5], even=True)
    assert [usual[::2, output].sum() for output in (0, 4, 8, 12)] == [3, 3, 3, 1]
    assert [kept[::2, output].sum() for output in (0, 4, 8, 12)] == [4, 4, 2, 1]
    assert kept[:8:2, 4].all() and not kept[4, 8]


def test_blocks_of_a_row_with_an_odd_length():
    """k = 0 and 1 of a row of three are a block, the third is alone; the next row begins anew."""
    weights = np.ones((2, 3, 1, 5), np.float32)
    weights[0, 2] = 0.1  # row 0, k = 2
    weights[1, :2, :, 4:] = 0.2  # row 1, k = 0 and 1, the fifth output alone
    kept = mask(weights, "block4x2", 7 / 30)
    assert not kept[0, 2].any() and not kept[1, :2, :, 4].any() and kept.sum() == 30 - 7


def test_blocks_of_a_grouped_convolution_begin_anew_with_each_group():
    weights = np.ones((1, 1, 2, 12), np.float32)
    weights[..., 6:10] = 0.1  # the first block of the second group of six outputs
    kept = mask(weights, "block4x2", 1 / 3, groups=2)
    assert not kept[..., 6:10].any() and kept.sum() == 16


@pytest.mark.parametrize("what", SHAPES)
@pytest.mark.parametrize("sparsity", [0.0, 0.25, 0.5, 0.75])
def test_unstructured_pruning_takes_the_smallest_weights(what, sparsity):
    weights = kernel(SHAPES[what])
    kept = mask(weights, "unstructured", sparsity)
    assert (~kept).sum() == pytest.approx(sparsity * kept.size, abs=0.5)
    assert np.abs(weights[~kept]).max(initial=0) <= np.abs(weights[kept]).min()


@pytest.mark.parametrize("name, keep, among", [("2:4", 2, 4), ("1:4", 1, 4), ("3:5", 3, 5)])
@pytest.mark.parametrize("what", SHAPES)
def test_n_of_m_hold_in_each_group(what, name, keep, among):
    weights = kernel(SHAPES[what])
    kept = mask(weights, name, 1 - keep / among)
    rows = weights.shape[0] if weights.ndim == 4 else 1
    flat, size = (a.reshape(rows, -1, a.shape[-1]) for a in (kept, np.abs(weights)))
    for start in range(0, flat.shape[1], among):
        group = flat[:, start : start + among]
        count = -(-group.shape[1] * keep // among)  # a row's rest keeps the same part of its weights, rounded up
        assert (group.sum(axis=1) == count).all()
        for row, row_size in zip(group, size[:, start : start + among]):
            for output in range(row.shape[1]):
                small = row_size[~row[:, output], output]
                assert small.max(initial=0) <= row_size[row[:, output], output].min()


def test_n_of_m_on_the_way_takes_only_what_goes_in_the_end():
    weights = kernel((32, 8))
    half, final = mask(weights, "2:4", 0.25), mask(weights, "2:4", 0.5)
    assert (~half).sum() == 64 and (~final).sum() == 128 and not (half < final).any()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 6), min_size=2, max_size=4).map(tuple),
    st.sampled_from(["unstructured", "block4x2", "2:4", "1:7"]),
    st.floats(0, 0.999),
    st.booleans(),
)
def test_no_kernel_is_pruned_to_nothing(shape, name, sparsity, blank):
    weights = np.zeros(shape, np.float32) if blank else kernel(shape)
    assert mask(weights, name, sparsity).any()
    assert all(kept.any() for kept in masks([weights, kernel((4, 4)) * 100], name, sparsity))


@pytest.mark.parametrize("name", ["unstructured", "block4x2"])
def test_layers_compete_whatever_the_scale_of_their_weights(name):
    """A layer with small weights is not pruned for that; one with many weights near zero is."""
    even, peaked = kernel((32, 16), 1), kernel((32, 16), 2) ** 5
    shares = []
    for factor in (1, 1000):
        kept = masks([even * factor, peaked], name, 0.5)
        assert sum((~part).sum() for part in kept) == pytest.approx(512, abs=8)
        shares.append([part.mean() for part in kept])
    assert shares[0] == shares[1] and shares[0][0] > shares[0][1] + 0.2


@pytest.mark.parametrize("name", ["block2x4", "4:2", "4:4", "0:4", "2:", "", None])
def test_an_unknown_pattern_is_refused(name):
    with pytest.raises(ConversionError, match="there is no pattern .*unstructured, block4x2, N:M"):
        pattern(name)


def test_polynomial_decay_as_in_the_paper():
    """Numbers worked out by hand from Zhu and Gupta's formula: s_i 0.2, s_f 0.8, t_0 100, n dt = 10 x 50."""
    ramp = Polynomial(begin=100, every=50, updates=10, initial=0.2)
    expected = {0: 0, 99: 0, 100: 0.2, 150: 0.3626, 350: 0.725, 550: 0.7994, 600: 0.8, 5000: 0.8}
    for step, value in expected.items():
        assert ramp.sparsity(step, 0.8) == pytest.approx(value, abs=1e-12)
    assert [ramp.phase(step) for step in (0, 99, 100, 149, 150, 599, 600, 9999)] == [-1, -1, 0, 0, 1, 9, 10, 10]
    assert ramp.sparsity(100, 0.1) == 0.1  # a layer that gets less than the others start with


def test_constant_sparsity():
    assert [Constant(5).sparsity(step, 0.7) for step in (0, 4, 5, 99)] == [0, 0, 0.7, 0.7]
    assert [Constant(5).phase(step) for step in (4, 5, 99)] == [-1, 0, 0]


@pytest.mark.parametrize("steps", [1, 2, 3, 7, 300, 301, 12345])
def test_a_named_schedule_fits_into_the_training(steps):
    ramp = schedule("polynomial", steps)
    end = ramp.begin + ramp.every * ramp.updates
    assert end <= max(steps * 2 / 3, 1) and ramp.updates <= 100
    assert end > 0.6 * steps - 1
    assert ramp.sparsity(end, 0.9) == 0.9 and ramp.phase(end) == ramp.last


def test_wrong_schedules_are_refused():
    with pytest.raises(ConversionError, match="no schedule 'linear'.*polynomial, constant"):
        schedule("linear", 10)
    with pytest.raises(ConversionError, match="how many batches an epoch has"):
        schedule("polynomial", None)
    with pytest.raises(ConversionError, match="received begin=0, every=0, updates=3"):
        Polynomial(0, 0, 3)
    with pytest.raises(ConversionError, match="received begin=-1"):
        Constant(-1)
    with pytest.raises(ConversionError, match="initial sparsity .* received 1.5"):
        Polynomial(0, 1, 3, initial=1.5)
