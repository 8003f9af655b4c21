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

from deepskin_training import looking, norms
from deepskin_training.labels import DIAGNOSES
from deepskin_training.network import Network, ServingGraph
from deepskin_training.pictures import decode

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
        self.thresholds = json.loads(metadata["thresholds"])
        self.naming = json.loads(metadata["naming"])
        self.side = model.graph.input[0].type.tensor_type.shape.dim[1].dim_value
        self.graph = read_graph(model)

    def judge(self, content: bytes) -> dict[str, object]:
        """Returns what an assessment of the photo holds, under the same names."""
        seen, closer = looking.judge(self.graph, self.thresholds, decode(content), self.side)
        named = (seen.probabilities * self.naming[seen.kind]).argmax()
        sides = zip(("left", "top", "right", "bottom"), seen.box.tolist(), strict=True)
        return {
            "diagnoses": dict(zip(DIAGNOSES, seen.probabilities.tolist(), strict=True)),
            "diagnosis": DIAGNOSES[named],
            "ood": seen.ood,
            "kind": seen.kind,
            "phone_probability": seen.phone,
            "lesion": dict(sides),
            "closer": closer,
        }


def read_graph(model: onnx.ModelProto) -> ServingGraph:
    """Rebuilds the graph that was exported from the weights in the file, which keep their names."""
    weights = {w.name: torch.from_numpy(onnx.numpy_helper.to_array(w).copy())
               for w in model.graph.initializer}
    # Of equal weights the export writes one, and gives it the others' names where they are used.
    for node in model.graph.node:
        if node.op_type == "Identity" and node.input[0] in weights:
            weights[node.output[0]] = weights[node.input[0]]
    networks = []
    for _ in range(1 + max(int(name.split(".")[1]) for name in weights if "." in name)):
        networks.append(Network())
        norms.fold(networks[-1].features)
    graph = ServingGraph(networks)
    names = graph.state_dict().keys()
    graph.load_state_dict({name: weights[name] for name in names})
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
