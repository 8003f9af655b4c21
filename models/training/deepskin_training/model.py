"""Trains the networks of a model and writes the ONNX file that the classifier serves."""

import argparse
import dataclasses
import os
import pathlib
import tomllib

import torch

from . import sources
from .batches import Batches
from .config import Config
from .finishing import Serving, finish
from .material import Material
from .network import Network
from .parts import read_part
from .train import Run, finished, starting_network


def main() -> None:
    """Runs one recipe from data to ONNX file; goes on where it was interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=pathlib.Path, required=True,
                        help="folder with HAM10000; sources.py lists the files it may hold")
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
    trained = [train_member(member, arguments.data, arguments.out) for member in members]
    networks, phases = zip(*trained, strict=True)
    about = {"recipe": {**dataclasses.asdict(serving), "members": phases}}
    print(finish(serving, networks, arguments.data, arguments.model, about))


def train_member(
    config: Config, data: pathlib.Path, runs: pathlib.Path
) -> tuple[Network, list[dict]]:
    """Trains one network in a folder of runs, or loads it.

    Returns it, and the recipes that led to it with the seconds that each took, first one first.
    """
    before, phases = None, []
    if isinstance(config.start, Config):
        before, phases = train_member(config.start, data, runs)
    network, seconds = finished(config, runs / config.name) or _train(
        config, data, runs / config.name, before)
    start = phases[-1]["name"] if phases else config.start
    fields = {field.name: getattr(config, field.name) for field in dataclasses.fields(config)}
    return network, [*phases, {**fields, "start": start, "seconds": round(seconds)}]


def _train(
    config: Config, data: pathlib.Path, folder: pathlib.Path, before: Network | None
) -> tuple[Network, float]:
    folder.mkdir(parents=True, exist_ok=True)
    cases, (whole, _) = sources.read_metadata(data), sources.ham10000_views(data)
    validation = read_part(cases, whole, config.side, "validation", config.fold)
    torch.manual_seed(config.seed)
    batches = Batches(config, Material(config, data))
    network = before or starting_network(config, data, validation.pictures[:128])
    run = Run(config, network, batches, folder)
    return run.train(validation), run.seconds


if __name__ == "__main__":
    main()
