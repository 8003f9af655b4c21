"""From trained networks to the served model: calibration, refusal, thresholds, ONNX file."""

import dataclasses
import pathlib

import torch

from . import fitting, norms, phone, sources
from .export import write_model
from .network import KINDS, Judged, Network, ServingGraph, calibrated
from .parts import Part, compose_part, judge, read_part

PHONE_ROUNDS = 3  # how often each cut-out is composed
NO_LESION = 0.0  # score from which it is likelier that a picture shows none
_DERMOSCOPY_KNOWN = 0.99  # share of dermoscopic images that are not taken for phone photos


@dataclasses.dataclass(frozen=True)
class Serving:
    """What is decided about a served model apart from its networks."""

    name: str
    side: int
    sensitivity: dict[str, float]  # on validation, of the label "malignant"
    closer: dict[str, float]  # side of a lesion, as a share of the picture, to look closer below


def finish(
    serving: Serving, networks: list[Network], data: pathlib.Path, model: pathlib.Path,
    about: dict,
) -> str:
    """Fits what is fitted after training and writes the ONNX file; returns its version.

    about goes into the metadata.
    """
    for network in networks:
        norms.fold(network.features)
    graph = ServingGraph([network.cpu().eval() for network in networks])
    cases, (whole, _) = sources.read_metadata(data), sources.ham10000_views(data)

    thresholds, naming = {}, {}
    held = {
        "dermoscopy": read_part(cases, whole, serving.side, "validation"),
        "phone": compose_part(
            phone.read_cutouts(data), serving.side, "validation", rounds=PHONE_ROUNDS),
    }
    graph.phone_limit.copy_(
        judge(graph, held["dermoscopy"].pictures).phone.quantile(_DERMOSCOPY_KNOWN))
    for kind in KINDS:
        # Without phone lesions to fit on, phone photos are judged like dermoscopy.
        part = held[kind] or held["dermoscopy"]
        judged = judge(graph, part.pictures)
        thresholds[kind], naming[kind] = fit_kind(graph, serving, kind, part, judged)
    metadata = {
        "thresholds": thresholds,
        "naming": naming,
        "data_sha256": sources.hash_files(sources.training_files(data)),
        "metrics": {},
        **about,
    }
    return write_model(graph, serving.side, serving.name, metadata, model)


def fit_kind(
    graph: ServingGraph, serving: Serving, kind: str, part: Part, judged: Judged
) -> tuple[dict[str, float], list[float]]:
    """Calibrates one kind of photo; returns its thresholds and the weights for naming."""
    fitted = fitting.calibrate(judged.logits, torch.from_numpy(part.truth))
    number = KINDS.index(kind)
    graph.scale[number], graph.shift[number], graph.odds[number] = fitted
    probabilities = calibrated(judged.logits, *(values[None] for values in fitted)).numpy()
    scores = fitting.malignancy(probabilities)
    thresholds = {
        **fitting.label_thresholds(scores, part.malignant, serving.sensitivity[kind]),
        "ood": NO_LESION,
        "closer": serving.closer[kind],
    }
    return thresholds, fitting.naming_weights(probabilities)
