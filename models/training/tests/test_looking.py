"""Where the second look goes, and what a box is."""

import numpy as np
import pytest
import torch

from deepskin_training import looking
from deepskin_training.network import box_of


def test_box_of_an_ellipse():
    rows, columns = np.mgrid[:56, :56] / 56
    inside = ((columns - 0.4) / 0.2) ** 2 + ((rows - 0.6) / 0.1) ** 2 < 1
    box = box_of(torch.tensor(inside[None].astype(np.float32)))[0]
    assert box.numpy() == pytest.approx([0.2, 0.5, 0.6, 0.7], abs=0.02)


def test_box_of_nothing_stays_inside():
    box = box_of(torch.zeros(1, 14, 14))[0]
    assert ((box >= 0) & (box <= 1)).all()


@pytest.mark.parametrize(
    "box, closer, size, want",
    [
        pytest.param((0.4, 0.4, 0.6, 0.6), 0.3, (1000, 500), (318, 68, 682, 432), id="middle"),
        pytest.param((0.0, 0.0, 0.1, 0.1), 0.3, (1000, 1000), (0, 0, 182, 182), id="corner"),
        pytest.param((0.5, 0.5, 0.51, 0.51), 0.3, (300, 200), (120, 69, 184, 133), id="tiny"),
        pytest.param((0.4, 0.4, 0.6, 0.6), 0.19, (1000, 500), None, id="large enough"),
        pytest.param((0.4, 0.4, 0.6, 0.6), 0.0, (1000, 500), None, id="never"),
        pytest.param((0.3, 0.3, 0.3, 0.3), 0.5, (1000, 500), None, id="no box"),
        pytest.param((0.1, 0.4, 0.4, 0.5), 0.5, (1000, 400), None, id="nearly the whole"),
    ],
)
def test_part_around(box, closer, size, want):
    assert looking.part_around(np.array(box), closer, size) == want
