"""The card must say what the reports say, and only about the model that they measured."""

import json
import shutil

import onnx
import pytest

import card


@pytest.fixture(name="model")
def fixture_model(tmp_path):
    """A copy of the shipped model, whose figures may be changed."""
    return shutil.copy(card.MODEL, tmp_path / "model.onnx")


def run(monkeypatch, model, reports, text) -> str:
    """Runs the command and returns the card."""
    monkeypatch.setattr("sys.argv", ["card.py", "--model", str(model), "--reports", str(reports),
                                     "--card", str(text)])
    card.main()
    return text.read_text(encoding="utf-8")


def test_shipped_card_and_figures_are_those_of_the_reports(model, tmp_path, monkeypatch):
    text = run(monkeypatch, model, card.REPORTS, tmp_path / "card.md")
    assert text == card.CARD.read_text(encoding="utf-8")

    def said(path, key):
        return next(json.loads(entry.value) for entry in onnx.load(path).metadata_props
                    if entry.key == key)

    assert said(model, "metrics") == said(card.MODEL, "metrics")
    assert said(model, "metrics")["dermoscopy"]["malignant_auc"][0] > 0.9
    assert said(model, "measured") == said(card.MODEL, "measured")
    for kind in ("dermoscopy", "phone"):
        measured = said(model, "measured")[kind]
        assert measured["roc"][0] == [0, 0] and measured["roc"][-1] == [1, 1]
        photos = sum(measured["distributions"]["label"])
        assert all(sum(bins) == photos for bins in measured["distributions"].values())


def test_reports_of_another_model_are_refused(model, tmp_path, monkeypatch):
    for path in card.REPORTS.iterdir():
        report = json.loads(path.read_text(encoding="utf-8"))
        report["model"]["version"] = "another"
        (tmp_path / path.name).write_text(json.dumps(report), encoding="utf-8")
    with pytest.raises(ValueError, match="make evaluate"):
        run(monkeypatch, model, tmp_path, tmp_path / "card.md")


def test_groups_below_their_set_are_named_and_no_others():
    def figure(name, value, low, high):
        return {"name": name, "value": value, "low": low, "high": high}

    def group(column, value, *figures):
        return {"column": column, "value": value, "figures": figures}

    reports = {
        "dermoscopy": {
            "figures": [figure("sensitivity", 0.94, 0.9, 0.96), figure("refused", 0.5, 0.4, 0.6)],
            "groups": [
                group("sex", "male", figure("sensitivity", 0.90, 0.85, 0.95)),
                group("hair", "yes", figure("sensitivity", 0.80, 0.7, 0.89)),
                group("hair", "no", figure("refused", 0.1, 0.0, 0.2)),
                group("dx", "df", figure("sensitivity", 0.1, 0.0, 0.2)),
            ],
        },
        "phone": {"figures": []},
    }
    assert card.worse_groups(reports) == (
        "- dermoscopy, hair yes: sensitivity 0.800 (0.700 to 0.890) against 0.940 of all.")
    reports["dermoscopy"]["groups"] = []
    assert card.worse_groups(reports) == "- None."
