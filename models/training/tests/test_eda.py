"""The exploration on made-up data in which what it should find was hidden."""

import csv
import io
import pathlib
import tarfile

import cv2
import numpy as np
import pytest
from PIL import Image

from deepskin_training.eda import duplicates, samples
from deepskin_training.eda.__main__ import document, explore
from deepskin_training.eda.about_pictures import LOOKED_AT
from deepskin_training.eda.measures import RULER_TICKS, measure
from deepskin_training.eda.objects import write_objects
from deepskin_training.eda.rates import wilson
from deepskin_training.labels import DIAGNOSES, MALIGNANT

LESIONS = 84
TWINS = (3, 10)  # two lesions that are the same skin


def skin(random: np.random.Generator, redness: float, height=150, width=200) -> np.ndarray:
    """Draws skin with a texture of its own and a dark spot: uint8 [height, width, 3]."""
    picture = np.full((height, width, 3), (190 + redness, 150, 140), np.float32)
    for blur, strength in ((8, 60), (2, 25)):
        noise = random.standard_normal((height, width)).astype(np.float32)
        picture += strength * cv2.GaussianBlur(noise, (0, 0), blur)[..., None] * blur / 2
    rows, columns = np.mgrid[:height, :width]
    spot = (rows - height / 2) ** 2 + (columns - width / 2) ** 2 < (height / 5) ** 2
    picture[spot] *= 0.6
    return np.clip(picture, 0, 255).astype(np.uint8)


def pack(folder: pathlib.Path, archive: str, pictures: dict[str, np.ndarray]) -> None:
    """Writes {file name: pixels} as a tar archive of images."""
    mode = "w:gz" if archive.endswith("gz") else "w"
    with tarfile.open(folder / archive, mode) as file:
        for name, pixels in pictures.items():
            packed = io.BytesIO()
            kind = {".jpg": "JPEG", ".png": "PNG", ".webp": "WEBP"}[pathlib.Path(name).suffix]
            Image.fromarray(pixels).save(packed, kind, quality=92)
            info = tarfile.TarInfo(f"pictures/{name}")
            info.size = packed.tell()
            packed.seek(0)
            file.addfile(info, packed)


def write_table(path: pathlib.Path, rows: list[dict]) -> None:
    """Writes rows as CSV."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


def make_dermoscopy(folder: pathlib.Path, random: np.random.Generator) -> None:
    """Makes HAM10000: red skin around benign lesions only, one lesion filed twice."""
    whole, sharp, masks, rows = {}, {}, {}, []
    for lesion in range(LESIONS):
        diagnosis = DIAGNOSES[lesion % 7]
        large = skin(random, 0 if diagnosis in MALIGNANT else 40, 300, 400)
        if lesion == TWINS[1]:
            large = cv2.convertScaleAbs(twin, alpha=0.95, beta=6)
        if lesion == TWINS[0]:
            twin = large
        for view in range(2 if lesion % 4 == 0 else 1):
            name = f"ISIC_{lesion:04d}{view}"
            picture = np.roll(large, 8 * view, axis=1)
            whole[f"{name}.jpg"] = cv2.resize(picture, (200, 150), interpolation=cv2.INTER_AREA)
            if lesion % 2 == 0:
                middle = np.ascontiguousarray(picture[:, 50:350])
                sharp[f"{name}.jpg"] = cv2.resize(middle, (224, 224), interpolation=cv2.INTER_AREA)
            mask = np.zeros((150, 200), np.uint8)
            masks[f"{name}_segmentation.png"] = cv2.circle(mask, (100, 75), 30, 255, -1)
            proof = "histo" if diagnosis in MALIGNANT or lesion % 2 else "follow_up"
            rows.append({"lesion_id": f"HAM_{lesion:07d}", "image_id": name, "dx": diagnosis,
                         "dx_type": proof, "age": 40 + lesion % 30, "sex": "female",
                         "localization": "back" if lesion % 3 else "face"})
    pack(folder, samples.WHOLE_VIEW, whole)
    pack(folder, samples.SHARP_VIEW, sharp)
    pack(folder, samples.MASKS, masks)
    write_table(folder / "HAM10000_metadata.csv", rows)


def make_phones(folder: pathlib.Path, random: np.random.Generator) -> None:
    """Makes photos under names that were looked at, and their cut-outs."""
    with open(LOOKED_AT, newline="", encoding="utf-8") as file:
        names = [row["image"] for row in csv.DictReader(file) if row["image"].startswith("PAT")]
    photos, cutouts, rows = {}, {}, []
    for i, name in enumerate(names[:40]):
        picture = skin(random, 10, 180, 180)
        photos[f"{name}.jpg"] = picture
        alpha = cv2.circle(np.zeros((180, 180), np.uint8), (90, 90), 60, 255, -1)
        cutouts[f"{name}.webp"] = np.dstack([picture, alpha])
        rows.append({"file": f"{name}.jpg", "img_id": f"{name}.png", "patient_id": f"PAT_{i}",
                     "lesion_id": i, "diagnostic": "BCC" if i % 2 else "NEV", "malignant": i % 2,
                     "cancer": i % 2, "fitzpatrick": "2.0", "region": "ARM", "age": 60,
                     "sex": "MALE", "biopsied": str(i % 2 == 1)})
    pack(folder, "phone_photos.tar", photos)
    pack(folder, "phone_lesions.tar", cutouts)
    write_table(folder / "phone_photos.csv", rows)
    write_table(folder / "phone_lesions.csv",
                [row | {"file": row["file"].replace("jpg", "webp")} for row in rows])


@pytest.fixture(name="result", scope="module")
def fixture_result(tmp_path_factory) -> tuple[dict, pathlib.Path]:
    """The summary of an exploration and the folder it wrote to."""
    folder = tmp_path_factory.mktemp("data")
    random = np.random.default_rng(5)
    make_dermoscopy(folder, random)
    make_phones(folder, random)
    noise = {f"n{i}.jpg": random.integers(0, 255, (90, 120, 3), np.uint8) for i in range(12)}
    pack(folder, samples.NOT_SKIN, noise)
    out = tmp_path_factory.mktemp("eda")
    return explore(folder, out), out


def test_groups_by_object_are_written_for_the_test_photos(tmp_path):
    random = np.random.default_rng(5)
    make_dermoscopy(tmp_path, random)
    make_phones(tmp_path, random)
    write_objects(tmp_path, tmp_path / "objects.csv")
    with open(tmp_path / "objects.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    test = [s.name for s in samples.dermoscopy(tmp_path) if s.split == "test"]
    phones = [s.name for s in samples.phone(tmp_path, samples.PHONE_PHOTOS)]
    assert [row["image"] for row in rows] == test + phones
    assert all(row["ruler"] == "no" for row in rows)
    assert {row["hair"] for row in rows} <= {"yes", "no"}


def test_lesion_filed_twice_is_found_and_no_other(result):
    summary, out = result
    with open(out / "same_lesions.csv", newline="", encoding="utf-8") as file:
        found = [(row["lesion"], row["other_lesion"]) for row in csv.DictReader(file)]
    assert found == [tuple(f"HAM_{lesion:07d}" for lesion in TWINS)]
    assert summary["duplicates"]["phone_pairs"] == 0


def test_crop_of_the_second_view_is_recognised(result):
    views = result[0]["views"]
    assert views["zoom_across"] == pytest.approx(224 / 150, abs=0.01)
    assert views["zoom_down"] == pytest.approx(224 / 150, abs=0.01)
    assert views["first_column"] == pytest.approx(25, abs=1)
    assert views["last_column"] == pytest.approx(175, abs=1)
    assert views["sharpness_ratio"] > 1.2


def test_leak_around_the_lesion_is_found_where_it_is(result):
    given_away = result[0]["pictures"]["auc_of"]
    assert given_away["colour of the skin around"][0] > 0.9
    assert given_away["place and size"][0] < 0.7


def test_counts_are_by_lesion(result):
    labels = result[0]["labels"]
    assert labels["lesions"] == LESIONS and labels["images"] == LESIONS * 5 // 4
    assert labels["lesions_by_class"] == {name: LESIONS // 7 for name in DIAGNOSES}
    assert sum(rate[3] for rate in labels["malignant_by_site"].values()) == LESIONS
    assert labels["malignant_histology_share"] == 1
    assert labels["benign_histology_share"] == 0.5
    assert labels["proof_auc"] == 0.75


def test_page_stands_alone_and_document_is_filled(result):
    summary, out = result
    page = (out / "index.html").read_text(encoding="utf-8")
    assert page.count("<figure>") > 12
    assert 'src="http' not in page and "<link" not in page and "<script" not in page
    text = document(summary)
    assert "{" not in text and f"{LESIONS} lesions" in text


def test_missing_files_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="HAM10000_metadata.csv.*not_skin.tar"):
        explore(tmp_path, tmp_path / "out")


def plain() -> np.ndarray:
    """Draws skin without anything: uint8 [150, 200, 3]."""
    return np.full((150, 200, 3), (210, 170, 150), np.uint8)


def test_objects_are_told_apart():
    empty = measure(plain(), None)
    hairy = plain()
    for column in (30, 90, 150):
        cv2.line(hairy, (column, 10), (column + 25, 135), (60, 40, 30), 2)
    ruled = plain()
    for column in range(60, 120, 10):
        cv2.line(ruled, (column, 4), (column, 12), (20, 20, 20), 1)
    inked = cv2.circle(plain(), (100, 75), 50, (60, 50, 190), 4)
    assert (empty["hair"], empty["ticks"], empty["ink"]) == (0, 0, 0)
    assert measure(hairy, None)["hair"] > 0.01
    assert measure(ruled, None)["ticks"] >= RULER_TICKS > measure(hairy, None)["ticks"]
    assert measure(inked, None)["ink"] > 0.01 and measure(ruled, None)["ink"] == 0


def test_measures_follow_the_picture():
    sharp = skin(np.random.default_rng(1), 0)
    mask = cv2.circle(np.zeros((150, 200), np.uint8), (60, 75), 30, 1, -1) > 0
    seen = measure(sharp, mask)
    assert measure(cv2.GaussianBlur(sharp, (0, 0), 2), mask)["sharpness"] < seen["sharpness"] - 0.5
    assert seen["area"] == pytest.approx(mask.mean())
    assert seen["offset"] == pytest.approx(40 / 125, abs=0.01) and seen["cut_off"] == 0
    dark = sharp.copy()
    dark[:20, :26] = dark[-20:, :26] = dark[:20, -26:] = dark[-20:, -26:] = 0
    assert measure(dark, mask)["corner_drop"] > seen["corner_drop"] + 30


def test_hash_sees_through_mirrors_and_keypoints_refuse_strangers():
    random = np.random.default_rng(2)
    pictures = [skin(random, 0) for _ in range(3)]
    pictures.append(np.ascontiguousarray(pictures[0][:, ::-1]))
    pictures.append(cv2.convertScaleAbs(pictures[1], alpha=0.9))
    cases = [samples.Sample(str(i), picture, None, str(i), "", "", "nv", False, "histo", 50.0, "",
                            "", "") for i, picture in enumerate(pictures)]
    pairs = duplicates.propose(cases)
    assert pairs[0, 3] == 0 and pairs[1, 4] <= 2
    matcher = duplicates.Matcher(cases)
    assert matcher.keypoints(1, 4) >= duplicates.SAME_SKIN > matcher.keypoints(1, 2)


def test_wilson_interval():
    assert wilson(5, 10) == pytest.approx([0.5, 0.2366, 0.7634], abs=1e-4)
    assert wilson(0, 10)[:2] == pytest.approx([0, 0], abs=1e-12)
