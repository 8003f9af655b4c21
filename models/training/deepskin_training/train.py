"""Trains a network and writes the ONNX file that the classifier serves."""

import argparse
import copy
import json
import math
import os
import pathlib
import time

import numpy as np
import torch
import torchvision
from sklearn.metrics import roc_auc_score
from torch import nn

from . import phone, pretrained, sources
from .batches import Batches
from .config import Config
from .finishing import finish
from .fitting import malignancy
from .network import Network
from .parts import Part, pooled_features, read_part

_REPORT_EVERY = 50  # steps
_WARM_UP = 0.1  # of a run


def starting_network(config: Config, data: pathlib.Path, pictures: np.ndarray) -> Network:
    """Builds the network with its starting weights; pictures set the batch norms."""
    network = Network(config.dropout)
    if config.start == "torchvision":
        weights = torchvision.models.MobileNet_V2_Weights.IMAGENET1K_V2
        network.features = torchvision.models.mobilenet_v2(weights=weights).features
    else:
        batch = torch.from_numpy(pictures).permute(0, 3, 1, 2).float()
        pretrained.load_tflite(network.features, data / config.start, (batch - 127.5) / 127.5)
    nn.init.zeros_(network.head.weight)
    nn.init.zeros_(network.head.bias)
    return network


def one_cycle(progress: float) -> float:
    """Returns the share of the peak learning rate: linear up to 10%, then half a cosine."""
    if progress < _WARM_UP:
        return progress / _WARM_UP
    return (1 + math.cos(math.pi * (progress - _WARM_UP) / (1 - _WARM_UP))) / 2


class Run:
    """One training run, which goes on from its checkpoint after an interruption."""

    def __init__(self, config: Config, network: Network, batches: Batches, folder: pathlib.Path):
        self.config = config
        self.batches = batches
        self.folder = folder
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.network = network.to(self.device, memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.network)
        self.best = {"validation_auc": 0.0}
        self.steps = config.epochs * batches.per_epoch
        self.optimiser = self._optimiser()
        self.peak_rates = [group["lr"] for group in self.optimiser.param_groups]
        self.loss_of = nn.CrossEntropyLoss(
            batches.class_weights().to(self.device), label_smoothing=config.label_smoothing
        )

    def train(self, validation: Part) -> Network:
        """Trains to the end; returns the running average as it did best on validation."""
        first = self._resume()
        begun = time.monotonic()
        for epoch in range(first, self.config.epochs):
            self.network.train()
            losses = []
            for step, (pictures, labels) in enumerate(self.batches.epoch(epoch), 1):
                done = epoch * self.batches.per_epoch + step
                losses.append(self._step(pictures, labels, done))
                if step % _REPORT_EVERY == 0:
                    pace = (time.monotonic() - begun) / (done - first * self.batches.per_epoch)
                    print(
                        f"epoch {epoch + 1}/{self.config.epochs}, "
                        f"step {step}/{self.batches.per_epoch}, "
                        f"loss {np.mean(losses[-_REPORT_EVERY:]):.3f}, "
                        f"{pace * (self.steps - done) / 60:.0f} min left",
                        flush=True,
                    )
            self._record(epoch + 1, float(np.mean(losses)), validation)
        self.average.load_state_dict(self.best["average"])
        return self.average

    def _optimiser(self) -> torch.optim.Optimizer:
        """Builds AdamW: no decay on batch norms and biases, a faster head."""
        config = self.config
        backbone = list(self.network.features.parameters())
        head = config.learning_rate * config.head_rate
        return torch.optim.AdamW(
            [
                {"params": [p for p in backbone if p.ndim > 1]},
                {"params": [p for p in backbone if p.ndim == 1], "weight_decay": 0.0},
                {"params": self.network.head.parameters(), "lr": head},
            ],
            lr=config.learning_rate,
            weight_decay=config.weight_decay,
        )

    def _step(self, pictures: torch.Tensor, labels: torch.Tensor, done: int) -> float:
        """Learns from one batch, the done-th of all, and moves the running average."""
        for group, peak in zip(self.optimiser.param_groups, self.peak_rates, strict=True):
            group["lr"] = peak * one_cycle(done / self.steps)
        loss = self.loss_of(self.network(pictures.to(self.device)), labels.to(self.device))
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        decay = min(self.config.ema, done / (done + 10))  # forgets the start soon
        states = self.average.state_dict().values(), self.network.state_dict().values()
        for kept, new in zip(*states, strict=True):
            if kept.dtype.is_floating_point:
                kept.lerp_(new, 1 - decay)
            else:
                kept.copy_(new)
        return loss.item()

    def _record(self, epoch: int, loss: float, validation: Part) -> None:
        """Appends to the history, keeps the best, and writes the checkpoint whole or not at all."""
        pooled = pooled_features(self.average, validation.pictures, self.device)
        with torch.no_grad():
            scores = malignancy(self.average.head(pooled.to(self.device)).softmax(1).cpu().numpy())
        record = {
            "epoch": epoch,
            "loss": loss,
            "validation_auc": roc_auc_score(validation.malignant, scores),
        }
        print(json.dumps(record), flush=True)
        with open(self.folder / "history.jsonl", "a", encoding="utf-8") as history:
            history.write(json.dumps(record) + "\n")
        if record["validation_auc"] > self.best["validation_auc"]:
            self.best = {**record, "average": copy.deepcopy(self.average.state_dict())}
        state = {name: part.state_dict() for name, part in self._parts().items()}
        partial = self.folder / "checkpoint.partial"
        torch.save({**state, "epoch": epoch, "best": self.best}, partial)
        partial.replace(self.folder / "checkpoint.pt")

    def _resume(self) -> int:
        """Loads the checkpoint, if there is one, and returns how many epochs it has seen."""
        checkpoint = self.folder / "checkpoint.pt"
        if not checkpoint.exists():
            return 0
        state = torch.load(checkpoint, map_location=self.device)
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        self.best = state["best"]
        print(f"resuming after epoch {state['epoch']}", flush=True)
        return state["epoch"]

    def _parts(self) -> dict:
        return {
            "network": self.network,
            "ema": self.average,
            "optimiser": self.optimiser,
        }


def main() -> None:
    """Runs one recipe from data to ONNX file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=pathlib.Path, required=True,
                        help="folder with HAM10000; sources.py lists the files it may hold")
    parser.add_argument("--config", type=pathlib.Path, required=True, help="the recipe")
    parser.add_argument("--out", type=pathlib.Path, required=True,
                        help="folder for checkpoint and history; a run found there goes on")
    parser.add_argument("--model", type=pathlib.Path, required=True,
                        help="the ONNX file to write")
    arguments = parser.parse_args()
    data, config = arguments.data, Config.read(arguments.config)
    arguments.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(config.seed)
    torch.set_num_threads(len(os.sched_getaffinity(0)))  # Debian's torch starts with one

    cases = sources.read_metadata(data)
    views = sources.ham10000_views(data)
    validation = read_part(cases, views[-1], config.side, "validation")
    batches = Batches(config, cases, views, phone.read_cutouts(data))
    network = starting_network(config, data, validation.pictures[:128])
    network = Run(config, network, batches, arguments.out).train(validation)
    print(json.dumps(finish(config, network, data, arguments.model), indent=1))


if __name__ == "__main__":
    main()
