"""Figures as text, kept as JSON, and as the table of docs/reproduced.md."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from publication import Figure, Publication

import powermeter
from powermeter.comparison.claims import Agreement

_LISTED = 6
"""Figures of one group that are listed whole; of more, only those that do not agree and the first few."""


def _verdict(figure: Figure) -> str:
    return figure.agreement.value if figure.agreement else "not published"


def _apart(apart: float | None) -> str:
    if apart is None:
        return ""
    return (
        " (the same to 1e-9)"
        if abs(apart) <= 1e-9
        else f" ({apart:+.2g} apart)"
        if abs(apart) < 1e-4
        else f" ({apart:+.2%} apart)"
    )


def text(figures: Sequence[Figure]) -> str:
    """Return figures as lines: published | ours ± 95 % | agrees, or why not."""
    lines = []
    for figure in figures:
        lines.append(
            f"{figure.what}\n    published {figure.published or '-'} | ours {figure.ours or '-'} | {_verdict(figure)}{_apart(figure.apart)}"
        )
        if figure.why:
            lines.append(f"    {figure.why}")
    counts = Counter(_verdict(figure) for figure in figures)
    return "\n".join(
        [*lines, f"{len(figures)} figures: " + ", ".join(f"{n} {word}" for word, n in counts.items())]
    )


def keep(path: Path, figures: Sequence[Figure]) -> None:
    """Keep what came out, so that the table can be built where the data are not."""
    groups: dict[str, dict[str, Any]] = {}
    for figure in figures:
        group = groups.setdefault(figure.group, {"counts": {}, "figures": [], "left_out": 0})
        verdict = _verdict(figure)
        group["counts"][verdict] = group["counts"].get(verdict, 0) + 1
        usual = figure.agreement in (Agreement.AGREES, None)
        listed = sum(one["verdict"] == verdict for one in group["figures"])
        if listed >= (_LISTED if usual else 3 * _LISTED):
            group["left_out"] += 1
            continue
        group["figures"].append(
            {
                "what": figure.what,
                "published": figure.published,
                "ours": str(figure.ours) if figure.ours else "",
                "grade": figure.ours.grade.value if figure.ours else "",
                "verdict": verdict,
                "apart": _apart(figure.apart).strip(),
                "why": figure.why,
            }
        )
    kept = {"version": powermeter.__version__, "groups": groups}
    path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def write(here: Path, out: Path, publications: Mapping[str, Publication]) -> None:
    """Write the table from the results kept beside each publication."""
    intro = (here / "intro.md").read_text(encoding="utf-8").rstrip()
    overview = [
        "| publication | figures | agree | differ | cannot tell | no number |",
        "|---|---|---|---|---|---|",
    ]
    parts: list[str] = []
    for name, publication in publications.items():
        path = here / name / "result.json"
        if not path.exists():
            continue
        kept = json.loads(path.read_text(encoding="utf-8"))["groups"]
        counts: Counter[str] = Counter()
        for group in kept.values():
            counts.update(group["counts"])
        published = sum(counts.values()) - counts["not published"]
        cells = [counts[word.value] for word in Agreement]
        overview.append(
            f"| [{publication.title}](#{name.replace('_', '-')}) | {published} | "
            + " | ".join(map(str, cells))
            + " |"
        )
        parts.append(_part(name, publication, kept))
    out.write_text("\n".join([intro, "", *overview, "", *parts]).rstrip() + "\n", encoding="utf-8")
    print(f"wrote {out}")


def _part(name: str, publication: Publication, kept: Mapping[str, Any]) -> str:
    sources = ", ".join(f"{one.repository}@{one.commit[:12]} ({one.licence})" for one in publication.sources)
    raw = sources or "none; measured on the machine that runs it"
    lines = [
        f"## {name.replace('_', '-')}",
        "",
        f"{publication.title}. {publication.cite}. Raw data: {raw}.",
        "",
    ]
    lines += [f"- {note}" for note in publication.notes]
    for title, group in kept.items():
        counts = ", ".join(f"{count} {word}" for word, count in group["counts"].items())
        lines += [
            "",
            f"**{title}**: {counts}.",
            "",
            "| what | published | ours | verdict |",
            "|---|---|---|---|",
        ]
        for one in group["figures"]:
            verdict = f"{one['verdict']} {one['apart']}".strip() + (f": {one['why']}" if one["why"] else "")
            grade = f", {one['grade']}" if one["grade"] not in ("", "measured") else ""
            row = (one["what"], one["published"] or "-", (one["ours"] or "-") + grade, verdict)
            lines.append(
                "| " + " | ".join(str(cell).replace("|", "/").replace("\n", " ") for cell in row) + " |"
            )
        if group["left_out"]:
            lines += ["", f"{group['left_out']} more are left out here; the command prints them."]
    return "\n".join([*lines, ""])
