"""Trains one network by its recipe; goes on where it was interrupted."""

import copy
import json
import math
import pathlib
import time

import numpy as np
import torch
import torchvision
from sklearn.metrics import roc_auc_score
from torch import nn

from . import norms, pretrained
from .batches import Batch, Batches
from .config import Config
from .fitting import malignancy
from .network import Network, normalise
from .parts import Part, diagnosis_logits

CHECKPOINT = "checkpoint.pt"
HISTORY = "history.jsonl"
_REPORT_EVERY = 50  # steps
_WARM_UP = 0.1  # of a run
_WEIGHT_DECAY = 0.05
_HEAD_RATE = 4.0  # times the learning rate
_KIND_WEIGHT = 0.1
_LESION_WEIGHT = 0.2


def starting_network(config: Config, data: pathlib.Path, pictures: np.ndarray) -> Network:
    """Builds the network with the weights of a file; pictures set the batch norms."""
    network = Network(config.dropout, config.context)
    if config.start == "torchvision":
        weights = torchvision.models.MobileNet_V2_Weights.IMAGENET1K_V2
        network.features = torchvision.models.mobilenet_v2(weights=weights).features
    else:
        batch = normalise(torch.from_numpy(pictures))
        pretrained.load_tflite(network.features, data / config.start, batch)
    if config.norm == "frozen":
        norms.freeze(network.features)
    for head in (network.head, network.phone, network.lesion):
        nn.init.zeros_(head.weight)
        nn.init.zeros_(head.bias)
    return network


def finished(config: Config, folder: pathlib.Path) -> tuple[Network, float] | None:
    """Loads the network of a finished run as it did best on validation, and the run's seconds.

    Returns None where the run has not come to its end.
    """
    checkpoint = folder / CHECKPOINT
    state = torch.load(checkpoint, map_location="cpu") if checkpoint.exists() else None
    if state is None or not has_ended(config, state["epoch"], state["best"]["epoch"]):
        return None
    network = Network(config.dropout, config.context)
    if config.norm == "frozen":
        norms.freeze(network.features)
    network.load_state_dict(state["best"]["average"])
    return network.eval(), state["seconds"]


def has_ended(config: Config, epoch: int, best: int) -> bool:
    """Says whether a run is over after an epoch, when the best one was that; both count from 1."""
    return epoch == config.epochs or 0 < config.patience <= epoch - best


def warm_network(config: Config, folder: pathlib.Path) -> Network:
    """Returns the network of a finished run, to go on training from it by the recipe."""
    done = finished(config, folder)
    if done is None:
        raise FileNotFoundError(f"{folder} holds no finished run to start from")
    return done[0]


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
        self.network.features[:config.fixed].requires_grad_(False)
        self.network.dropout.p = config.dropout
        self.average = copy.deepcopy(self.network)
        self.best = {"epoch": 0, "validation_auc": 0.0}
        self.seconds = 0.0
        self.steps = config.epochs * batches.per_epoch
        self.optimiser = self._optimiser()
        self.peak_rates = [group["lr"] for group in self.optimiser.param_groups]
        self.random = np.random.default_rng(config.seed)
        self.loss_of = nn.CrossEntropyLoss(
            batches.class_weights().to(self.device), label_smoothing=config.label_smoothing
        )

    def train(self, validation: Part, shared: Part | None = None) -> Network:
        """Trains to the end; returns the running average as it did best on validation.

        shared, validation lesions of exports, is measured for the history alone: people report
        what was wrong, so it is no sample of what they send.
        """
        epoch = self._resume()
        while not has_ended(self.config, epoch, self.best["epoch"]):
            begun = time.monotonic()
            self.network.train()
            losses = []
            for step, batch in enumerate(self.batches.epoch(epoch), 1):
                losses.append(self._step(batch, epoch * self.batches.per_epoch + step))
                if step % _REPORT_EVERY == 0:
                    self._report(epoch, step, losses, time.monotonic() - begun)
            self.seconds += time.monotonic() - begun
            epoch += 1
            self._record(epoch, float(np.mean(losses)), validation, shared)
        self.average.load_state_dict(self.best["average"])
        return self.average

    def _report(self, epoch: int, step: int, losses: list[float], seconds: float) -> None:
        """Prints how far the run is; work counts in pixels, since pictures grow."""
        def work(number: int) -> int:
            return self.config.side_in(number) ** 2 * self.batches.per_epoch

        pace = seconds / (self.config.side_in(epoch) ** 2 * step)
        left = sum(work(number) for number in range(epoch, self.config.epochs))
        left -= self.config.side_in(epoch) ** 2 * step
        print(f"{self.config.name}: epoch {epoch + 1}/{self.config.epochs}, "
              f"step {step}/{self.batches.per_epoch}, "
              f"loss {np.mean(losses[-_REPORT_EVERY:]):.3f}, {pace * left / 60:.0f} min left",
              flush=True)

    def _optimiser(self) -> torch.optim.Optimizer:
        """Builds AdamW: no decay on batch norms and biases, faster heads."""
        config = self.config
        backbone = [p for p in self.network.features.parameters() if p.requires_grad]
        heads = [p for name, p in self.network.named_parameters()
                 if not name.startswith("features.")]
        return torch.optim.AdamW(
            [
                {"params": [p for p in backbone if p.ndim > 1]},
                {"params": [p for p in backbone if p.ndim == 1], "weight_decay": 0.0},
                {"params": heads, "lr": _HEAD_RATE * config.learning_rate},
            ],
            lr=config.learning_rate,
            weight_decay=_WEIGHT_DECAY,
        )

    def _step(self, batch: Batch, done: int) -> float:
        """Learns from one batch, the done-th of all, and moves the running average."""
        for group, peak in zip(self.optimiser.param_groups, self.peak_rates, strict=True):
            group["lr"] = peak * one_cycle(done / self.steps)
        loss = self._loss(Batch(*(tensor.to(self.device) for tensor in batch)))
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

    def _loss(self, batch: Batch) -> torch.Tensor:
        """Adds the losses of diagnosis, kind of photo, presence of a lesion, and its mask."""
        shows, outlined = batch.labels >= 0, batch.masks >= 0
        binary = nn.functional.binary_cross_entropy_with_logits
        if self.config.mixup:
            share = self.random.beta(self.config.mixup, self.config.mixup)
            count = int(shows.sum())  # those that show lesions come first
            mixed = batch.pictures.float()
            mixed[:count] = share * mixed[:count] + (1 - share) * mixed[:count].flip(0)
            seen = self.network(mixed)
            labels, logits = batch.labels[:count], seen.diagnoses[:count]
            diagnosis = (share * self.loss_of(logits, labels)
                         + (1 - share) * self.loss_of(logits, labels.flip(0)))
            masks = batch.masks.clone()
            outlined[:count] &= outlined[:count].flip(0)
            masks[:count] = share * masks[:count] + (1 - share) * masks[:count].flip(0)
            kinds = batch.phone[:count].float()
            kind = binary(seen.phone[:count], share * kinds + (1 - share) * kinds.flip(0))
        else:
            seen, masks = self.network(batch.pictures), batch.masks
            diagnosis = self.loss_of(seen.diagnoses[shows], batch.labels[shows])
            kind = binary(seen.phone, batch.phone.float())
        loss = diagnosis + _KIND_WEIGHT * kind
        loss = loss + _LESION_WEIGHT * binary(seen.lesion, shows.float())
        if self.config.mask_weight:
            loss = loss + self.config.mask_weight * binary(
                seen.mask, masks.clamp(min=0), weight=outlined.float())
        return loss

    def _record(self, epoch: int, loss: float, validation: Part, shared: Part | None) -> None:
        """Appends to the history, keeps the best, and writes the checkpoint whole or not at all."""
        record = {
            "epoch": epoch,
            "loss": loss,
            "validation_auc": self._auc(validation),
            "seconds": round(self.seconds),
        }
        if shared and 0 < shared.malignant.sum() < len(shared.truth):
            record["shared_auc"] = self._auc(shared)
        print(json.dumps(record), flush=True)
        with open(self.folder / HISTORY, "a", encoding="utf-8") as history:
            history.write(json.dumps(record) + "\n")
        if record["validation_auc"] > self.best["validation_auc"]:
            self.best = {**record, "average": copy.deepcopy(self.average.state_dict())}
        state = {name: part.state_dict() for name, part in self._parts().items()}
        partial = self.folder / "checkpoint.partial"
        state |= {"epoch": epoch, "best": self.best, "seconds": self.seconds,
                  "random": self._random_state()}
        torch.save(state, partial)
        partial.replace(self.folder / CHECKPOINT)

    def _resume(self) -> int:
        """Loads the checkpoint, if there is one, and returns how many epochs it has seen."""
        checkpoint = self.folder / CHECKPOINT
        if not checkpoint.exists():
            self._shorten_history(0)
            return 0
        state = torch.load(checkpoint, map_location=self.device)
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        self.best, self.seconds = state["best"], state["seconds"]
        if "random" in state:  # checkpoints of older versions lack it
            self._set_random_state(state["random"])
        self._shorten_history(state["epoch"])
        print(f"{self.config.name}: resuming after epoch {state['epoch']}", flush=True)
        return state["epoch"]

    def _auc(self, part: Part) -> float:
        logits = diagnosis_logits(self.average, part.pictures, self.device)
        scores = malignancy(torch.from_numpy(logits).softmax(1).numpy())
        return roc_auc_score(part.malignant, scores)

    def _random_state(self) -> dict:
        """Returns what the next random numbers depend on; batches have generators of their own."""
        return {
            "torch": torch.get_rng_state(),
            "cuda": torch.cuda.get_rng_state_all() if self.device == "cuda" else [],
            "numpy": self.random.bit_generator.state,
        }

    def _set_random_state(self, state: dict) -> None:
        torch.set_rng_state(state["torch"].cpu())
        if self.device == "cuda":
            torch.cuda.set_rng_state_all([one.cpu() for one in state["cuda"]])
        self.random.bit_generator.state = state["numpy"]

    def _shorten_history(self, epoch: int) -> None:
        """Drops what was written of an epoch whose checkpoint was not, or that had not ended."""
        path = self.folder / HISTORY
        if path.exists():
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            path.write_text("".join(lines[:epoch]), encoding="utf-8")

    def _parts(self) -> dict:
        return {
            "network": self.network,
            "ema": self.average,
            "optimiser": self.optimiser,
        }
