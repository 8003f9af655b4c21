"""Downloads the public training data into a folder, each file checked by its published hash.

HAM10000 comes from the Harvard Dataverse (CC BY-NC 4.0, doi:10.7910/DVN/DBW86T), MobileNetV2's
weights from Google Coral's test data (Apache-2.0). The phone lesions that the shipped model has
also seen are cut-outs from PAD-UFES-20 (CC BY 4.0) along borders drawn by hand, and have no
public address: without them training goes on with HAM10000 alone.
"""

import argparse
import dataclasses
import hashlib
import pathlib
import shutil
import sys
import urllib.request

DATAVERSE = "https://dataverse.harvard.edu/api/access/datafile"
CORAL = "https://github.com/google-coral/test_data/raw/master"


@dataclasses.dataclass(frozen=True)
class Source:
    """A file to download, with the hash that its publisher gives."""

    name: str
    address: str
    algorithm: str
    digest: str


SOURCES = (
    Source("HAM10000_metadata.csv", f"{DATAVERSE}/4338392?format=original",
           "md5", "8f85fb1aa29d80a2797247e434deb79d"),
    Source("HAM10000_images_part_1.zip", f"{DATAVERSE}/3172585",
           "md5", "4639bfa73ab251610530a97c898e6e46"),
    Source("HAM10000_images_part_2.zip", f"{DATAVERSE}/3172584",
           "md5", "da43d6cc50f6613013be07e8986b384b"),
    Source("mobilenet_v2_1.0_224_quant.tflite", f"{CORAL}/mobilenet_v2_1.0_224_quant.tflite",
           "sha256", "7aad0c74c5e3c06e5eb3c827e13304fdd68a83da6087d92ee169c24ff9fd4776"),
)


def matches(path: pathlib.Path, source: Source) -> bool:
    """Reports whether the file is there and is the published one."""
    if not path.exists():
        return False
    with open(path, "rb") as file:
        return hashlib.file_digest(file, source.algorithm).hexdigest() == source.digest


def fetch(source: Source, folder: pathlib.Path) -> None:
    """Downloads one file, whole and verified or not at all; what is there already stays."""
    path = folder / source.name
    if matches(path, source):
        print(f"{source.name} is there")
        return
    print(f"downloading {source.name}", flush=True)
    partial = path.with_suffix(path.suffix + ".partial")
    with urllib.request.urlopen(source.address, timeout=60) as answer, open(partial, "wb") as file:
        shutil.copyfileobj(answer, file)
    if not matches(partial, source):
        partial.unlink()
        raise ValueError(f"{source.name} came, but its {source.algorithm} is not the published one")
    partial.replace(path)


def main() -> None:
    """Downloads all sources."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for source in SOURCES:
        try:
            fetch(source, folder)
        except (OSError, ValueError) as error:
            sys.exit(f"{source.name}: {error}. This needs the open internet; "
                     f"what was downloaded stays, run it again to go on.")


if __name__ == "__main__":
    main()
