"""Exports: what the Go program writes is read, and what is wrong with one is said."""

import pathlib
import random
import shutil

import numpy as np
import pytest
from conftest import draw, pack

from deepskin_training import exported, sources
from deepskin_training.labels import DIAGNOSES

# Written by the Go program's own test.
GOLDEN = pathlib.Path(__file__).resolve().parents[3] / "internal/export/testdata/export"
HEADER = "lesion_id,image_id,dx,dx_type,age,sex,localization,source,kind,model,date\n"


@pytest.fixture(name="golden")
def fixture_golden(tmp_path) -> pathlib.Path:
    return pathlib.Path(shutil.copytree(GOLDEN, tmp_path / "export"))


def replace(path: pathlib.Path, old: str, new: str) -> None:
    """Changes the first occurrence of a text in a file."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_what_the_program_writes_is_read():
    photos = exported.read_exports([GOLDEN])
    assert [photo.image[-1] for photo in photos] == ["0", "1", "2", "3", "4"]
    assert [photo.lesion[-1] for photo in photos] == ["0", "0", "1", "1", "2"]
    assert [photo.phone for photo in photos] == [True, False, True, True, True]
    assert [photo.diagnosis if photo.diagnosis is None else DIAGNOSES[photo.diagnosis]
            for photo in photos] == ["mel", "nv", "bkl", None, "bcc"]
    assert {photo.pixels().shape for photo in photos} == {(24, 32, 3)}


FIRST = f"images/DSI_{0:032x}.jpg"
WRONG = {
    "missing image": (lambda e: (e / FIRST).unlink(), "missing"),
    "image that is a link": (
        lambda e: ((e / FIRST).unlink(), (e / FIRST).symlink_to("/etc/hostname")), "missing"),
    "image without a row": (
        lambda e: shutil.copy(e / FIRST, e / f"images/DSI_{9:032x}.jpg"), "not in metadata.csv"),
    "half-written image": (
        lambda e: (e / "images/x.jpg.partial").write_bytes(b""), "not in metadata.csv"),
    "unknown diagnosis": (lambda e: replace(e / "metadata.csv", ",mel,", ",scc,"), "'scc'"),
    "unknown kind": (lambda e: replace(e / "metadata.csv", ",phone,", ",,"), "one of dermoscopy"),
    "path as image": (
        lambda e: replace(e / "metadata.csv", f"DSI_{0:032x}", "../../etc/passwd"), "pseudonym"),
    "name as lesion": (
        lambda e: replace(e / "metadata.csv", f"DSL_{0:032x}", "HAM_0000001"), "pseudonym"),
    "row twice": (
        lambda e: replace(e / "metadata.csv", f"DSI_{1:032x}", f"DSI_{0:032x}"), "duplicate"),
    "image in both tables": (
        lambda e: (replace(e / "no_lesion.csv", f"DSI_{3:032x}", f"DSI_{0:032x}"),
                   (e / f"no_lesion/DSI_{3:032x}.jpg").rename(e / f"no_lesion/DSI_{0:032x}.jpg")),
        "duplicate"),
    "withdrawn image": (
        lambda e: replace(e / "withdrawn.csv", f"DSI_{5:032x}", f"DSI_{0:032x}"), "withdrawn"),
    "short row": (lambda e: replace(e / "metadata.csv", ",review,", ","), "10 fields"),
    "other columns": (lambda e: replace(e / "metadata.csv", "dx_type,", ""), "columns must be"),
    "empty table": (lambda e: (e / "no_lesion.csv").write_bytes(b""), "columns must be"),
    "missing table": (lambda e: (e / "withdrawn.csv").unlink(), "cannot be read"),
    "bytes that are no text": (
        lambda e: (e / "metadata.csv").write_bytes(b"\xff\xfe"), "cannot be read"),
    "no export": (lambda e: (e / "export.json").unlink(), "no export"),
    "newer form": (lambda e: replace(e / "export.json", ":1,", ":2,"), "not known here"),
    "mark that is no object": (lambda e: (e / "export.json").write_text("[]"), "not known here"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said(golden, name):
    spoil, words = WRONG[name]
    spoil(golden)
    with pytest.raises(ValueError, match=words) as raised:
        exported.read_exports([golden])
    assert str(golden) in str(raised.value)


def test_tables_that_were_tampered_with_lead_nowhere(golden):
    """Bytes of the tables are changed at random: that is said, or all photos are still inside."""
    chance = random.Random(1)
    tables = [golden / name for name in
              ("metadata.csv", "no_lesion.csv", "withdrawn.csv", "export.json")]
    contents = [path.read_bytes() for path in tables]
    pieces = [b"../", b"/etc/", b"\x00", b'"', b",", b"\n", b"\r", b"\xff", b"DSI_", b"{",
              b"9" * 400, b"["]
    refused = 0
    for _ in range(60):
        which = chance.randrange(len(tables))
        content = bytearray(contents[which])
        for _ in range(chance.randint(1, 3)):
            start = chance.randrange(len(content) + 1)
            content[start:start + chance.randint(0, 4)] = chance.choice(pieces)
        tables[which].write_bytes(content)
        try:
            photos = exported.read_exports([golden])
        except ValueError:
            refused += 1
            photos = []
        assert all(photo.path.resolve().is_relative_to(golden) for photo in photos)
        tables[which].write_bytes(contents[which])
    assert 20 < refused < 60


def test_a_photo_in_two_exports_is_a_mistake(golden):
    with pytest.raises(ValueError, match="duplicate"):
        exported.read_exports([GOLDEN, golden])


def test_an_old_copy_does_not_bring_back_what_was_withdrawn(golden, tmp_path):
    newer = pathlib.Path(shutil.copytree(golden, tmp_path / "newer"))
    shutil.rmtree(newer / "images")
    shutil.rmtree(newer / "no_lesion")
    (newer / "images").mkdir()
    (newer / "no_lesion").mkdir()
    (newer / "metadata.csv").write_text(HEADER, encoding="utf-8")
    (newer / "no_lesion.csv").write_text(
        "lesion_id,image_id,source,kind,model,date\n", encoding="utf-8")
    replace(newer / "withdrawn.csv", f"DSI_{5:032x}", f"DSI_{1:032x}")
    with pytest.raises(ValueError, match="withdrawn"):
        exported.read_exports([golden, newer])


def test_damaged_images_are_named(golden):
    (golden / FIRST).write_bytes(b"\xff\xd8\xff no picture")
    photo = exported.read_exports([golden])[0]
    with pytest.raises(ValueError, match=f"{FIRST}: it cannot be decoded"):
        photo.pixels()


def test_large_photos_are_made_small(golden):
    (golden / FIRST).write_bytes(pack(np.zeros((768, 1024, 3), np.uint8)))
    assert exported.read_exports([golden])[0].pixels().shape == (288, 384, 3)


def test_lesions_keep_to_one_part_and_out_of_the_test_part():
    photos = [exported.Photo(pathlib.Path("unused"), f"DSI_{number:032x}",
                             f"DSL_{number // 2:032x}", 0, True) for number in range(2000)]
    for fold in range(5):
        parts = [exported.split_of(photo, fold) for photo in photos]
        assert parts[::2] == parts[1::2]
        assert set(parts) == {"train", "validation"}
        assert all(sources.split_of(photo.lesion, fold) in (part, "test")
                   for photo, part in zip(photos, parts, strict=True))
        assert 0.1 < parts.count("validation") / len(parts) < 0.2


def test_hash_depends_on_content_alone(golden):
    before = exported.hash_exports([GOLDEN])
    assert exported.hash_exports([golden]) == before
    (golden / FIRST).write_bytes(pack(draw(np.random.default_rng(0), 0)))
    assert exported.hash_exports([golden]) != before
