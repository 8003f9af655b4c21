"""Tests of the tables of attempts."""

import dataclasses
import pathlib

import numpy as np
import pytest
import torch

from conftest import random_network
from deepskin_training import attempts, phone, sources, variants
from deepskin_training.network import ServingGraph
from deepskin_training.parts import compose_part, judge, read_part

CONFIGS = pathlib.Path(__file__).parents[1] / "configs"
VARIANTS = sorted((CONFIGS / "variants").glob("*.toml"))


def result(name: str, signal: float) -> dict:
    """Makes up an attempt on 400 lesions, the better the stronger the signal."""
    random = np.random.default_rng(0)
    truth = random.integers(7, size=400)
    logits = random.normal(size=(400, 7))
    logits[np.arange(400), truth] += signal
    return {
        "name": name, "change": "" if name == "first" else f"{name} = 1", "cost": 7.4,
        "prior": np.ones(7),
        **{f"{kind}_{what}": value for kind in ("dermoscopy", "phone") for what, value in
           (("logits", logits), ("truth", truth), ("groups", np.arange(400) // 2))},
    }


def test_table_marks_what_differs_from_the_first():
    lines = attempts.table(
        [result("first", 1.0), result("same", 1.0), result("better", 3.0)], "minutes", rounds=100)
    first, same, better = ([cell.strip() for cell in line.split("|")[1:-1]] for line in lines[2:])
    assert first[:2] == ["first", "none"] and first[-1] == "7"
    assert same[1] == "`same = 1`"
    assert [cell.split(" ")[0] for cell in same[2:-1]] == [c.split(" ")[0] for c in first[2:-1]]
    assert all(cell.endswith("(+0.000 to +0.000)") for cell in same[2:-1])
    assert all("(**+" in cell and cell.endswith("**)") for cell in better[2:-1])


@pytest.mark.parametrize("kind", ["attempts", "variants"])
def test_every_recipe_but_the_first_changes_something(kind):
    changes = [attempts.change(path) for path in sorted((CONFIGS / kind).glob("*.toml"))]
    assert len(changes) == len(set(changes)) and all(changes[1:])


@pytest.mark.parametrize("path", VARIANTS, ids=lambda path: path.stem)
def test_every_variant_can_be_read(path):
    variant = variants.Variant.read(path)
    assert variant.name == path.stem
    assert variant.members and variant.side % 32 == 0  # the cells of the last map


def test_variant_as_served_says_what_the_graph_says(data, tmp_path):
    served = dataclasses.replace(variants.Variant.read(VARIANTS[0]), side=64)
    cases, (whole, _) = sources.read_metadata(data), sources.ham10000_views(data)
    part = read_part(cases, whole, 64, "validation")
    networks = []
    for number, member in enumerate(served.members):
        torch.manual_seed(number)
        networks.append(random_network(member, data, part.pictures))
        folder = tmp_path / member.name
        folder.mkdir()
        state = {"epoch": member.epochs, "seconds": 1.0,
                 "best": {"epoch": 1, "average": networks[-1].state_dict()}}
        torch.save(state, folder / "checkpoint.pt")

    outcome = variants.outcome(served, data, tmp_path)
    graph = ServingGraph([network.eval() for network in networks])
    assert outcome["dermoscopy_logits"] == pytest.approx(
        judge(graph, part.pictures).logits.numpy(), abs=1e-6)
    photos = compose_part(phone.read_cutouts(data), 64, "validation", rounds=3)
    assert outcome["phone_logits"] == pytest.approx(
        judge(graph, photos.pictures).logits.numpy(), abs=1e-6)

    plain = dataclasses.replace(served, half_turn=False)
    assert variants.outcome(plain, data, tmp_path)["dermoscopy_logits"] != pytest.approx(
        outcome["dermoscopy_logits"], abs=1e-6)
