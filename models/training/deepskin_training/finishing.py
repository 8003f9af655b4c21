"""From a trained network to the served model: calibration, thresholds, figures, ONNX file."""

import dataclasses
import pathlib

import numpy as np
import torch

from . import fitting, metrics, outside, phone, sources
from .config import Config
from .export import write_model
from .network import Network, ServingGraph
from .parts import Part, pooled_features, read_part, serve


def finish(config: Config, network: Network, data: pathlib.Path, model: pathlib.Path) -> dict:
    """Fits what is fitted after training, writes the ONNX file and returns its metadata."""
    network = network.cpu().eval()
    cases = sources.read_metadata(data)
    view = sources.ham10000_views(data)[-1]
    train, validation, test = (
        read_part(cases, view, config.side, split) for split in ("train", "validation", "test")
    )
    shots = _phone_shots(config, data)

    graph = ServingGraph(network)
    with torch.no_grad():
        logits = network.head(pooled_features(network, validation.pictures))
    fitting.calibrate(graph, logits, torch.from_numpy(validation.truth))

    known = np.concatenate([train.pictures, *(p for p, _ in shots["train"])])
    # A phone photo of a diagnosis is a group of its own: it looks unlike its dermoscopy.
    groups = np.concatenate([train.truth, *(100 + truth for _, truth in shots["train"])])
    fitting.fit_ood(graph, pooled_features(network, known).numpy(), groups)

    probabilities, ood = serve(graph, validation.pictures)
    kept = np.concatenate([ood, *(serve(graph, p)[1] for p, _ in shots["validation"])])
    thresholds = {
        **fitting.label_thresholds(fitting.malignancy(probabilities), validation.malignant),
        "ood": fitting.ood_threshold(kept),
    }
    metadata = {
        "thresholds": thresholds,
        "metrics": {"dermoscopy": _on_test(graph, test, thresholds)}
        | _outside(graph, data, config.side, thresholds),
        "recipe": dataclasses.asdict(config),
        "data_sha256": sources.hash_files(sources.training_files(data)),
    }
    version = write_model(graph, config.side, config.name, metadata, model)
    return {"version": version, **metadata}


def _on_test(graph: ServingGraph, test: Part, thresholds: dict[str, float]) -> dict:
    """Measures on HAM10000's test part, with intervals by lesion."""
    probabilities, ood = serve(graph, test.pictures)
    return metrics.with_intervals(
        lambda rows: {
            **metrics.figures(probabilities[rows], test.truth[rows], thresholds),
            "refused": (ood[rows] > thresholds["ood"]).mean(),
        },
        test.lesions,
    )


def _outside(
    graph: ServingGraph, data: pathlib.Path, side: int, thresholds: dict[str, float]
) -> dict:
    """Measures on photos of other kinds, as far as the folder has them."""
    figures = {}
    photos = outside.read_phone_photos(data, side)
    if photos:
        probabilities, ood = serve(graph, photos.pictures)
        figures["phone"] = metrics.with_intervals(
            lambda rows: {
                **metrics.binary_figures(
                    fitting.malignancy(probabilities[rows]), photos.malignant[rows], thresholds
                ),
                "refused": (ood[rows] > thresholds["ood"]).mean(),
            },
            photos.patients,
        )
    pictures = outside.read_not_skin(data, side)
    if pictures is not None:
        _, ood = serve(graph, pictures)
        figures["not_skin"] = metrics.with_intervals(
            lambda rows: {"refused": (ood[rows] > thresholds["ood"]).mean()},
            np.arange(len(pictures)),
        )
    return figures


def _phone_shots(config: Config, data: pathlib.Path) -> dict[str, list]:
    """Composes each cut-out once; maps a part to [(pictures, truth)], empty without cut-outs."""
    random = np.random.default_rng(config.seed)
    shots = {"train": [], "validation": []}
    cutouts = phone.read_cutouts(data)
    for split, pairs in shots.items():
        chosen = [cutout for cutout in cutouts if cutout.split == split]
        if chosen:
            pictures = [phone.compose(cutout, config.side, random) for cutout in chosen]
            pairs.append((np.stack(pictures), np.array([c.diagnosis for c in chosen])))
    return shots
