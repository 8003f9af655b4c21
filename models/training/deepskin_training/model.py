"""Trains the networks of a model and writes the ONNX file that the classifier serves."""

import argparse
import dataclasses
import os
import pathlib
from collections.abc import Sequence
import tomllib

import torch

from . import curves, exported, record, sources
from .batches import Batches
from .config import Config
from .finishing import Serving, finish
from .material import Material
from .network import Network
from .parts import read_part
from .train import Run, finished, starting_network, warm_network


def main() -> None:
    """Runs one recipe from data to ONNX file; goes on where it was interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=pathlib.Path, required=True,
                        help="folder with HAM10000; sources.py lists the files it may hold")
    parser.add_argument("--exports", type=pathlib.Path, nargs="*", default=[],
                        help="folders that \"deepskin export\" wrote, to learn from as well")
    parser.add_argument("--start", type=pathlib.Path,
                        help="folder with finished runs of the recipe's networks to go on from; "
                        "without it they start as the recipe says")
    parser.add_argument("--config", type=pathlib.Path, required=True, help="the model's recipe")
    parser.add_argument("--out", type=pathlib.Path, required=True,
                        help="folder for checkpoints and histories; runs found there go on")
    parser.add_argument("--model", type=pathlib.Path, required=True,
                        help="the ONNX file to write")
    arguments = parser.parse_args()
    torch.set_num_threads(len(os.sched_getaffinity(0)))  # Debian's torch starts with one
    recipe = tomllib.loads(arguments.config.read_text(encoding="utf-8"))
    members = [Config.read(arguments.config.parent / name) for name in recipe.pop("members")]
    serving = Serving(name=arguments.config.stem, **recipe)
    trained = [
        train_member(member, arguments.data, arguments.out, arguments.exports, arguments.start)
        for member in members
    ]
    networks, phases = zip(*trained, strict=True)
    curves.draw([arguments.out / phase["name"] for each in phases for phase in each],
                arguments.out / f"{serving.name}.png")
    about = {"recipe": {**dataclasses.asdict(serving), "members": phases}}
    if arguments.exports:
        about["exports_sha256"] = exported.hash_exports(arguments.exports)
    print(finish(serving, networks, arguments.data, arguments.model, about))


def train_member(
    config: Config, data: pathlib.Path, runs: pathlib.Path,
    exports: Sequence[pathlib.Path] = (), start: pathlib.Path | None = None,
) -> tuple[Network, list[dict]]:
    """Trains one network in a folder of runs, or loads it.

    It learns from exports as well. With start, another folder of runs, it goes on from the one of
    this name there, which must be finished; else it starts as the recipe says. Returns it, and the
    recipes that led to it with the seconds that each took, first one first. Raises ValueError where
    its folder holds a run of something else.
    """
    before, phases = None, []
    if start:
        before = warm_network(config, start / config.name)
    elif isinstance(config.start, Config):
        before, phases = train_member(config.start, data, runs, exports)
    folder = runs / config.name
    record.begin(folder, record.describe(
        config, data, exports, start and start / config.name))
    network, seconds = finished(config, folder) or _train(config, data, folder, exports, before)
    name = phases[-1]["name"] if phases else config.start
    fields = {field.name: getattr(config, field.name) for field in dataclasses.fields(config)}
    return network, [*phases, {**fields, "start": "the run before" if start else name,
                               "seconds": round(seconds)}]


def _train(
    config: Config, data: pathlib.Path, folder: pathlib.Path, exports: Sequence[pathlib.Path],
    before: Network | None,
) -> tuple[Network, float]:
    photos = exported.read_exports(list(exports))
    cases, (whole, _) = sources.read_metadata(data), sources.ham10000_views(data)
    validation = read_part(cases, whole, config.side, "validation", config.fold)
    torch.manual_seed(config.seed)
    batches = Batches(config, Material(config, data, photos))
    network = before or starting_network(config, data, validation.pictures[:128])
    run = Run(config, network, batches, folder)
    shared = exported.validation_part(photos, config.side, config.fold)
    return run.train(validation, shared), run.seconds


if __name__ == "__main__":
    main()
