"""The parts of the data must not share lesions, whatever the order or number of rows."""

import collections

from deepskin_training import sources


def test_cases_know_their_lesion(data):
    parts = collections.defaultdict(set)
    for case in sources.read_metadata(data):
        parts[case.lesion].add(case.image)
    assert len(parts) == 210
    assert sorted(map(len, parts.values())) == [1] * 140 + [2] * 70


def test_shares_of_the_parts():
    counts = collections.Counter(sources.split_of(f"HAM_{i:07d}") for i in range(20_000))
    assert abs(counts["test"] / 20_000 - sources.TEST_SHARE) < 0.01
    assert abs(counts["validation"] / 20_000 - sources.VALIDATION_SHARE) < 0.01


def test_split_is_the_one_that_the_shipped_model_was_measured_with():
    assert [sources.split_of(f"HAM_000011{i}") for i in range(10)] == [
        "train", "train", "validation", "train", "validation",
        "train", "train", "test", "train", "test",
    ]


def test_every_image_of_the_metadata_is_found(data):
    whole, sharp = sources.ham10000_views(data)
    assert {case.image for case in sources.read_metadata(data)} == set(whole)
    assert not sharp


def test_hash_depends_on_content_and_name(tmp_path):
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_bytes(b"1")
    second.write_bytes(b"2")
    both = sources.hash_files([first, second])
    assert both == sources.hash_files([second, first])
    second.write_bytes(b"3")
    assert both != sources.hash_files([first, second])
