"""Writes the model card, and the figures into the model file, from the evaluation's reports."""

import argparse
import itertools
import json
import pathlib
import string

import onnx

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ROOT / "models" / "deepskin.onnx"
REPORTS = ROOT / "models" / "evaluation"
CARD = ROOT / "models" / "MODEL_CARD.md"
TEMPLATE = pathlib.Path(__file__).with_name("card.md.in")

SETS = {
    "dermoscopy": "HAM10000's test part",
    "phone": "whole phone photos",
    "not_skin": "everyday photos",
}
LIMITS = {"at_least": "≥", "at_most": "≤"}
# Other columns say who made a label or where a photo lies, not whom it shows.
GROUPS = {
    "age": "age", "sex": "sex", "localization": "site", "region": "site", "dx_type": "label from",
    "fitzpatrick": "Fitzpatrick type", "hair": "hair", "ruler": "ruler", "ink": "ink",
}

# What else the dashboard shows of a set, and compares the service's photos with.
MEASURED = ("roc", "reliability", "distributions")

COMPARED = {"malignant_auc": "AUC", "sensitivity": "sensitivity", "specificity": "specificity"}


def read_reports(folder: pathlib.Path, version: str) -> dict[str, dict]:
    """Reads the reports of all sets; each must be about this version of the model."""
    reports = {}
    for kind in SETS:
        report = json.loads((folder / f"{kind}.json").read_text(encoding="utf-8"))
        if report["model"]["version"] != version:
            raise ValueError(f"{kind}.json is about {report['model']['version']}, not {version}: "
                             "run make evaluate")
        reports[kind] = report
    return reports


def write_card(
    reports: dict[str, dict], metadata: dict[str, str], size: int, card: pathlib.Path
) -> None:
    """Fills the template."""
    recipe = json.loads(metadata["recipe"])
    members = recipe["members"]
    values = {
        "version": metadata["version"],
        "licence": metadata["licence"],
        "networks": f"{len(members)} networks, each a MobileNetV2" if len(members) > 1
                    else "One MobileNetV2",
        "side": recipe["side"],
        "sensitivity": " or ".join(f"{share:.0%} ({kind})"
                                   for kind, share in recipe["sensitivity"].items()),
        "megabytes": f"{size / 1e6:.1f}",
        "thresholds": thresholds_table(json.loads(metadata["thresholds"])),
        "bars": bars_table(reports),
        "groups": groups_table(reports),
        "worse": worse_groups(reports),
        "training": training_table(members),
        "minutes": f"{sum(phase['seconds'] for phase in itertools.chain(*members)) / 60:.0f}",
        "reliability": reliability_table(reports["dermoscopy"]),
        "data_sha256": metadata["data_sha256"],
    }
    for kind, report in reports.items():
        values |= {f"{kind}_{key}": report["data"][key] for key in ("photos", "clusters")}
        values |= {f"{kind}_{name}": figure for name, figure in figures(report).items()}
    text = string.Template(TEMPLATE.read_text(encoding="utf-8")).substitute(values)
    card.write_text(text, encoding="utf-8")


def figures(report: dict) -> dict[str, str]:
    """Formats every figure of a report with its interval."""
    return {figure["name"]: interval(figure) for figure in report["figures"]}


def interval(figure: dict) -> str:
    """Formats a figure: value (low to high)."""
    return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"


def bars_table(reports: dict[str, dict]) -> str:
    """Lists the required figures beside the measured ones."""
    rows = ["| on | figure | required | measured (95% interval) | |",
            "| --- | --- | --- | --- | --- |"]
    for kind, report in reports.items():
        for result in report["bars"]:
            limit = next(f"{sign} {result[key]}" for key, sign in LIMITS.items()
                         if result.get(key) is not None)
            named = {figure["name"]: figure for figure in report["figures"]}
            figure = named.get(result["figure"])
            met = "met" if result["met"] else "**missed**"
            title = figure["title"] if figure else result["figure"]
            value = interval(figure) if figure else "not measured"
            rows.append(f"| {SETS[kind]} | {title} | {limit} | {value} | {met} |")
    return "\n".join(rows)


def groups_table(reports: dict[str, dict]) -> str:
    """Lists the groups' figures, set by set."""
    rows = ["| on | group | photos | malignant | AUC | sensitivity | specificity | refused |",
            "| --- | --- | --- | --- | --- | --- | --- | --- |"]
    names = ("malignant_auc", "sensitivity", "specificity", "refused")
    for kind in ("dermoscopy", "phone"):
        for group in reports[kind].get("groups", []):
            if group["column"] in GROUPS:
                found = {figure["name"]: interval(figure) for figure in group["figures"]}
                cells = " | ".join(found.get(name, "") for name in names)
                rows.append(f"| {kind} | {GROUPS[group['column']]}: {group['value']} "
                            f"| {group['photos']} | {group['malignant']} | {cells} |")
    return "\n".join(rows)


def worse_groups(reports: dict[str, dict]) -> str:
    """Lists groups of which chance hardly explains that they are below their set as a whole."""
    lines = []
    for kind in ("dermoscopy", "phone"):
        overall = {figure["name"]: figure["value"] for figure in reports[kind]["figures"]}
        for group in reports[kind].get("groups", []):
            for figure in group["figures"]:
                name = figure["name"]
                if (group["column"] in GROUPS and name in COMPARED
                        and figure["high"] < overall[name]):
                    lines.append(f"- {kind}, {GROUPS[group['column']]} {group['value']}: "
                                 f"{COMPARED[name]} {interval(figure)} against "
                                 f"{overall[name]:.3f} of all.")
    return "\n".join(lines) or "- None."


def reliability_table(report: dict) -> str:
    """Lists what was stated and what was observed, from low to high."""
    rows = ["| photos | stated | observed (95% interval) |", "| --- | --- | --- |"]
    rows += [f"| {b['photos']} | {b['stated']:.3f} | {b['observed']:.3f} ({b['low']:.3f} to "
             f"{b['high']:.3f}) |" for b in report["reliability"]]
    return "\n".join(rows)


def thresholds_table(thresholds: dict[str, dict[str, float]]) -> str:
    """Lists the thresholds of each kind of photo."""
    rows = ["| kind of photo | benign below | malignant from | refused above (score) | looked at "
            "again below (side) |", "| --- | --- | --- | --- | --- |"]
    rows += [f"| {kind} | {t['benign']:.3f} | {t['malignant']:.3f} | {t['ood']:.2f} "
             f"| {t['closer']:.2f} |" for kind, t in thresholds.items()]
    return "\n".join(rows)


def training_table(members: list[list[dict]]) -> str:
    """Lists the runs that led to each network, one after the other."""
    rows = ["| run | start | epochs at side | rate | minutes |",
            "| --- | --- | --- | --- | --- |"]
    for phase in itertools.chain(*members):
        stages = ", ".join(f"{epochs} at {side}" for epochs, side in phase["stages"])
        start = phase["start"].removesuffix("_quant.tflite")
        rows.append(f"| {phase['name']} | {start} | {stages} "
                    f"| {phase['learning_rate']:g} | {phase['seconds'] / 60:.0f} |")
    return "\n".join(rows)


def set_metadata(model: onnx.ModelProto, key: str, value: str) -> None:
    """Sets an entry of a model's metadata, which need not be there yet."""
    for entry in model.metadata_props:
        if entry.key == key:
            entry.value = value
            return
    model.metadata_props.add(key=key, value=value)


def main() -> None:
    """Writes the card and the model's figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=pathlib.Path, default=MODEL)
    parser.add_argument("--reports", type=pathlib.Path, default=REPORTS)
    parser.add_argument("--card", type=pathlib.Path, default=CARD)
    arguments = parser.parse_args()
    model = onnx.load(arguments.model)
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    reports = read_reports(arguments.reports, metadata["version"])
    for entry in model.metadata_props:
        if entry.key == "metrics":
            entry.value = json.dumps({
                kind: {f["name"]: [f["value"], f["low"], f["high"]] for f in report["figures"]}
                for kind, report in reports.items()
            })
    set_metadata(model, "measured", json.dumps({
        kind: {name: report[name] for name in MEASURED if report.get(name)}
        for kind, report in reports.items()
    }))
    onnx.save(model, arguments.model)
    size = arguments.model.stat().st_size
    write_card(reports, metadata, size, arguments.card)


if __name__ == "__main__":
    main()
