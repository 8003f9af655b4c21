"""Says independently of the Go classifier what the model makes of photos: torch and PIL only.

The weights are read out of the ONNX file into the network that was exported, and photos are
decoded by PIL. The golden tests of the classifier hold Go and ONNX Runtime to the numbers.
"""

import argparse
import json
import pathlib
import sys
from collections.abc import Iterator

import cv2
import numpy as np
import onnx
import onnx.numpy_helper
import torch
from PIL import Image, ImageOps
from torch import nn

from deepskin_training.labels import DIAGNOSES
from deepskin_training.network import FEATURES, Network, ServingGraph
from deepskin_training.pictures import serving_picture

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ROOT / "models" / "deepskin.onnx"
GOLDEN = ROOT / "classifier" / "testdata" / "golden"
BASE = "base.png"
EXPECTED = "expected.json"
PHOTOS = (".jpg", ".jpeg", ".png", ".webp")


class Reference:
    """A model file, run by torch."""

    def __init__(self, path: pathlib.Path):
        model = onnx.load(path)
        metadata = {prop.key: prop.value for prop in model.metadata_props}
        if json.loads(metadata["labels"]) != list(DIAGNOSES):
            raise ValueError(f"{path} has labels {metadata['labels']}, want {DIAGNOSES}")
        self.version = metadata["version"]
        self.side = model.graph.input[0].type.tensor_type.shape.dim[1].dim_value
        self.graph = read_graph(model)

    @torch.no_grad()
    def judge(self, content: bytes) -> dict[str, object]:
        """Returns the diagnoses' probabilities and the out-of-distribution score of a photo."""
        picture = torch.from_numpy(serving_picture(content, self.side).copy())
        probabilities, ood, _ = self.graph(picture[None])
        return {
            "diagnoses": dict(zip(DIAGNOSES, probabilities[0].tolist(), strict=True)),
            "ood": ood.item(),
        }


def read_graph(model: onnx.ModelProto) -> ServingGraph:
    """Rebuilds the network that was exported from the weights in its ONNX graph."""
    weights = {w.name: onnx.numpy_helper.to_array(w) for w in model.graph.initializer}
    # The export writes a weight once and gives it other names for where it is used again.
    for node in model.graph.node:
        if node.op_type == "Identity" and node.input[0] in weights:
            weights[node.output[0]] = weights[node.input[0]]
    convolutions = [
        [torch.from_numpy(weights[name].copy()) for name in node.input[1:]]
        for node in model.graph.node if node.op_type == "Conv"
    ]
    network = Network()
    modules = list(network.features.modules())
    targets = [m for m in modules if isinstance(m, nn.Conv2d)]
    norms = [m for m in modules if isinstance(m, nn.BatchNorm2d)]
    # The picture's half turn goes through the same convolutions first, and the last one of all
    # makes the grids: it is the head once more.
    if len(convolutions) != 2 * len(targets) + 1:
        raise ValueError(f"{len(convolutions)} convolutions, want {2 * len(targets) + 1}")
    once = convolutions[: len(targets)]
    for (weight, bias), target, norm in zip(once, targets, norms, strict=True):
        # The export folds each batch norm into the convolution before it, so what is left for
        # the norm to do is to add the bias.
        target.weight.data.copy_(weight)
        nn.init.ones_(norm.weight)
        norm.bias.data.copy_(bias)
        nn.init.zeros_(norm.running_mean)
        nn.init.constant_(norm.running_var, 1 - norm.eps)
    graph = ServingGraph(network)
    head, bias = convolutions[-1]
    network.head.weight.data.copy_(head[:, :, 0, 0])
    network.head.bias.data.copy_(bias)
    graph.scale.copy_(torch.from_numpy(weights["scale"].copy()))
    graph.shift.copy_(torch.from_numpy(weights["shift"].copy()))
    graph.whitening.copy_(torch.from_numpy(weights["whitening"].copy()))
    centres, = (w for w in weights.values() if w.ndim == 3 and w.shape[::2] == (1, FEATURES))
    graph.centres = torch.from_numpy(centres[0].copy())
    return graph.eval()


def photos_in(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    """Yields the photos of a folder, in the order of their names."""
    return (path for path in sorted(folder.iterdir()) if path.suffix.lower() in PHOTOS)


def write_files(folder: pathlib.Path) -> None:
    """Writes the base picture, which Go's generator drew, in every form that must be read."""
    base = Image.open(folder / BASE).convert("RGB")
    jpeg = {"quality": 90}
    base.save(folder / "baseline.jpg", **jpeg)
    base.save(folder / "sampling-422.jpg", subsampling=1, **jpeg)
    base.save(folder / "sampling-444.jpg", subsampling=0, **jpeg)
    base.save(folder / "progressive.jpg", progressive=True, **jpeg)
    base.convert("L").save(folder / "grey.jpg", **jpeg)
    base.convert("CMYK").save(folder / "cmyk.jpg", **jpeg)
    large = base.resize((4000, 3000), Image.Resampling.BICUBIC)
    large.save(folder / "12-megapixels.jpg", quality=60)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        # Eight ways to turn; the one that is shown upright again is the one to store.
        stored = next(
            turned for turned in turns(base) if shown(turned, orientation) == base
        )
        stored.save(folder / f"exif-{orientation}.jpg", exif=exif, **jpeg)
    width, height = base.size
    rows, columns = np.mgrid[:height, :width]
    distance = np.hypot(columns / width - 0.5, rows / height - 0.5)
    alpha = Image.fromarray((255 * np.clip(4 - 8 * distance, 0, 1)).astype(np.uint8))
    clear = base.copy()
    clear.putalpha(alpha)
    clear.save(folder / "alpha.png", optimize=True)
    clear.save(folder / "alpha.webp", quality=90)
    deep = np.asarray(base).astype(np.uint16)[:, :, ::-1] * 257
    cv2.imwrite(str(folder / "16-bit.png"), deep)
    cv2.imwrite(str(folder / "16-bit-grey.png"), cv2.cvtColor(deep, cv2.COLOR_BGR2GRAY))
    base.quantize(64).save(folder / "palette.png", optimize=True)
    base.save(folder / "lossy.webp", quality=90)
    base.save(folder / "lossless.webp", lossless=True)


def turns(image: Image.Image) -> Iterator[Image.Image]:
    """Yields the image in all eight positions."""
    yield image
    for method in Image.Transpose:
        yield image.transpose(method)


def shown(image: Image.Image, orientation: int) -> Image.Image:
    """Returns the image as a viewer shows it that obeys this EXIF orientation."""
    labelled = image.copy()
    labelled.getexif()[0x0112] = orientation
    return ImageOps.exif_transpose(labelled)


def write_expected(reference: Reference, folder: pathlib.Path) -> None:
    """Writes what the model makes of each file of the golden set."""
    files = {path.name: reference.judge(path.read_bytes()) for path in photos_in(folder)}
    text = json.dumps({"model": reference.version, "files": files}, indent=1)
    (folder / EXPECTED).write_text(text + "\n", encoding="utf-8")


def main() -> None:
    """Runs one command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=pathlib.Path, default=MODEL)
    parser.add_argument("--golden", type=pathlib.Path, default=GOLDEN,
                        help="folder of the golden set")
    parser.add_argument("--files", action="store_true",
                        help="write the golden set's photos anew from its base picture")
    parser.add_argument("--images", type=pathlib.Path,
                        help="print a JSON line for each photo of this folder instead of "
                             "writing what is expected of the golden set")
    arguments = parser.parse_args()
    if arguments.files:
        write_files(arguments.golden)
    reference = Reference(arguments.model)
    if arguments.images is None:
        write_expected(reference, arguments.golden)
        return
    for path in photos_in(arguments.images):
        line = {"file": path.name, "model": reference.version}
        json.dump({**line, **reference.judge(path.read_bytes())}, sys.stdout)
        print()


if __name__ == "__main__":
    main()
