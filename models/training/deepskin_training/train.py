"""Trains a network and writes the ONNX file that the classifier serves."""

import argparse
import copy
import dataclasses
import json
import os
import pathlib
import time

import numpy as np
import torch
import torchvision
from sklearn.metrics import roc_auc_score
from torch import nn

from . import fitting, metrics, phone, pretrained, sources
from .batches import Batches
from .config import Config
from .export import write_model
from .labels import MALIGNANT_INDICES
from .network import Network, ServingGraph
from .pictures import serving_picture


@dataclasses.dataclass
class Part:
    """Pictures [n, side, side, 3] of one split as they will be served, with their truth [n]."""

    pictures: np.ndarray
    truth: np.ndarray
    lesions: np.ndarray


def read_part(cases: list[sources.Case], view: dict[str, bytes], side: int, split: str) -> Part:
    """Decodes one split of HAM10000 exactly as the classifier will."""
    chosen = [case for case in cases if case.split == split]
    return Part(
        np.stack([serving_picture(view[case.image], side) for case in chosen]),
        np.array([case.diagnosis for case in chosen]),
        np.array([case.lesion for case in chosen]),
    )


@torch.no_grad()
def run(network: Network, pictures: np.ndarray, device: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns (logits [n, 7], pooled features [n, 1280]) on the CPU."""
    network.eval()
    pooled = torch.cat([
        network.feature_map(torch.from_numpy(pictures[i : i + 64]).to(device)).mean((2, 3)).cpu()
        for i in range(0, len(pictures), 64)
    ])
    return network.head.cpu()(pooled), pooled


def start(config: Config, data: pathlib.Path, pictures: np.ndarray) -> Network:
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


def average(ema: Network, network: Network, decay: float) -> None:
    """Moves the running average of weights and batch statistics towards the network."""
    for kept, new in zip(ema.state_dict().values(), network.state_dict().values(), strict=True):
        if kept.dtype.is_floating_point:
            kept.lerp_(new.detach(), 1 - decay)
        else:
            kept.copy_(new)


def train(config: Config, network: Network, batches: Batches, validation: Part,
          out: pathlib.Path, device: str) -> Network:
    """Trains, or resumes from out/checkpoint.pt; returns the averaged network."""
    network = network.to(device, memory_format=torch.channels_last)
    ema = copy.deepcopy(network)
    backbone = list(network.features.parameters())
    optimiser = torch.optim.AdamW([
        {"params": [p for p in backbone if p.ndim > 1], "weight_decay": config.weight_decay},
        {"params": [p for p in backbone if p.ndim == 1], "weight_decay": 0.0},
        {"params": network.head.parameters(), "weight_decay": config.weight_decay,
         "lr": config.learning_rate * config.head_rate},
    ], lr=config.learning_rate)
    total = config.epochs * batches.per_epoch
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, [group["lr"] for group in optimiser.param_groups], total, pct_start=0.1)
    loss_of = nn.CrossEntropyLoss(batches.class_weights().to(device),
                                  label_smoothing=config.label_smoothing)
    kept = {"network": network, "ema": ema, "optimiser": optimiser, "schedule": schedule}

    first = 0
    checkpoint = out / "checkpoint.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=device)
        for name, module in kept.items():
            module.load_state_dict(state[name])
        first = state["epoch"]
        print(f"resuming after epoch {first}", flush=True)

    malignant = np.isin(validation.truth, MALIGNANT_INDICES)
    begun = time.monotonic()
    for epoch in range(first, config.epochs):
        network.train()
        losses = []
        for step, (pictures, labels) in enumerate(batches.epoch(epoch), 1):
            loss = loss_of(network(pictures.to(device)), labels.to(device))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            done = epoch * batches.per_epoch + step
            average(ema, network, min(config.ema, done / (done + 10)))
            losses.append(loss.item())
            if step % 50 == 0:
                pace = (time.monotonic() - begun) / (done - first * batches.per_epoch)
                print(f"epoch {epoch + 1}/{config.epochs}, step {step}/{batches.per_epoch}, "
                      f"loss {np.mean(losses[-50:]):.3f}, "
                      f"{pace * (total - done) / 60:.0f} min left", flush=True)
        logits, _ = run(ema, validation.pictures, device)
        ema.to(device)
        scores = fitting.malignancy(logits.softmax(1).numpy())
        record = {"epoch": epoch + 1, "loss": float(np.mean(losses)),
                  "validation_auc": roc_auc_score(malignant, scores)}
        print(json.dumps(record), flush=True)
        with open(out / "history.jsonl", "a", encoding="utf-8") as history:
            history.write(json.dumps(record) + "\n")
        state = {name: module.state_dict() for name, module in kept.items()}
        partial = checkpoint.with_suffix(".partial")
        torch.save({**state, "epoch": epoch + 1}, partial)
        partial.replace(checkpoint)
    return ema


def main() -> None:
    """Runs one recipe from data to ONNX file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=pathlib.Path, required=True,
                        help="folder with HAM10000, see sources.py for the files it may hold")
    parser.add_argument("--config", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True,
                        help="folder for checkpoint and history; a run found there goes on")
    parser.add_argument("--model", type=pathlib.Path, required=True, help="the ONNX file to write")
    arguments = parser.parse_args()
    data, config = arguments.data, Config.read(arguments.config)
    arguments.out.mkdir(parents=True, exist_ok=True)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(config.seed)
    torch.set_num_threads(len(os.sched_getaffinity(0)))  # OpenCV may have set it to one

    cases = sources.read_metadata(data)
    views = sources.ham10000_views(data)
    cutouts = phone.read_cutouts(data)
    validation = read_part(cases, views[-1], config.side, "validation")
    batches = Batches(config, cases, views, cutouts)
    network = start(config, data, validation.pictures[:128])
    network = train(config, network, batches, validation, arguments.out, device)
    torch.save(network.state_dict(), arguments.out / "network.pt")

    network = network.cpu().eval()
    graph = ServingGraph(network)
    logits, _ = run(network, validation.pictures, "cpu")
    fitting.calibrate(graph, logits, torch.from_numpy(validation.truth))

    known = read_part(cases, views[-1], config.side, "train")
    random = np.random.default_rng(config.seed)
    shots = {
        split: [(phone.compose(c, config.side, random), c.diagnosis)
                for c in cutouts if c.split == split]
        for split in ("train", "validation")
    }
    _, pooled = run(network, known.pictures, "cpu")
    groups = known.truth
    if shots["train"]:
        _, phones = run(network, np.stack([picture for picture, _ in shots["train"]]), "cpu")
        pooled = torch.cat([pooled, phones])
        groups = np.concatenate([groups, [100 + label for _, label in shots["train"]]])
    fitting.fit_ood(graph, pooled.numpy(), groups)

    test = read_part(cases, views[-1], config.side, "test")
    outputs = {}
    for name, pictures in (("validation", validation.pictures), ("test", test.pictures),
                           ("phone", np.stack([p for p, _ in shots["validation"]])
                            if shots["validation"] else np.zeros((0, *test.pictures.shape[1:]),
                                                                 np.uint8))):
        outputs[name] = serve(graph, pictures)
    probabilities, ood = outputs["validation"]
    malignant = np.isin(validation.truth, MALIGNANT_INDICES)
    thresholds = fitting.label_thresholds(fitting.malignancy(probabilities), malignant)
    thresholds["ood"] = fitting.ood_threshold(np.concatenate([ood, outputs["phone"][1]]))
    probabilities, ood = outputs["test"]
    figures = metrics.with_intervals(
        lambda rows: metrics.figures(probabilities[rows], test.truth[rows], thresholds),
        test.lesions)
    figures["refused"] = float((ood > thresholds["ood"]).mean())
    version = write_model(graph, config.side, config.name, {
        "thresholds": thresholds,
        "metrics": figures,
        "recipe": dataclasses.asdict(config),
        "data_sha256": sources.hash_files(sources.training_files(data)),
    }, arguments.model)
    print(json.dumps({"version": version, "thresholds": thresholds, "test": figures}, indent=1))


@torch.no_grad()
def serve(graph: ServingGraph, pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns (probabilities [n, 7], ood [n]) as the exported graph gives them."""
    parts = [graph.eval()(torch.from_numpy(pictures[i : i + 64]))[:2]
             for i in range(0, len(pictures), 64)]
    return (torch.cat([p for p, _ in parts]).numpy() if parts else np.zeros((0, 7)),
            torch.cat([o for _, o in parts]).numpy() if parts else np.zeros(0))


if __name__ == "__main__":
    main()
