"""The site's pages are all reachable; what states the version states the same one; templates and workflows name what exists."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path
from types import SimpleNamespace

from powermeter import toml

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def test_no_page_is_orphaned_and_none_is_named_twice() -> None:
    named = re.findall(r": (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
    there = sorted(page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md"))
    assert sorted(named) == there


def test_the_site_links_to_no_file_that_it_does_not_have() -> None:
    """Eight links led out of the pages, to files that a build of the site leaves behind."""
    hook = runpy.run_path(str(DOCS / "site_links.py"))["on_page_markdown"]

    def built(text: str, name: str) -> str:
        return str(hook(text, SimpleNamespace(file=SimpleNamespace(src_uri=name))))

    assert built("[`a.sh`](../examples/a.sh), [b](i2c.md), [c](#d)", "x.md") == (
        "`a.sh` (`examples/a.sh` in the repository), [b](i2c.md), [c](#d)"
    )
    assert built("[`examples/a/`](../../examples/a) [w](../x.md) [h](https://a.b)", "t/x.md") == (
        "`examples/a` [w](../x.md) [h](https://a.b)"
    )
    for page in DOCS.rglob("*.md"):
        text = built(page.read_text(encoding="utf-8"), page.relative_to(DOCS).as_posix())
        for target in re.findall(r"\]\((\.\./[^)#\s]+)", text):
            assert (page.parent / target).resolve().is_relative_to(DOCS), f"{page.name}: {target}"


def test_the_site_begins_somewhere_and_asks_no_other_host() -> None:
    """Its address answered with a list of files, and each page asked a content network for a script."""
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert "index.md" in text and "highlightjs: false" in text and "https:" not in text


def test_the_version_and_the_licence_are_the_same_wherever_they_stand() -> None:
    project = toml.read(ROOT / "pyproject.toml")["project"]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    meta = json.loads((ROOT / "codemeta.json").read_text(encoding="utf-8"))
    assert f'version: "{project["version"]}"' in citation and meta["version"] == project["version"]
    assert f"license: {project['license']}" in citation and meta["license"].endswith(project["license"])
    assert project["authors"][0]["name"] == meta["author"][0]["name"]
    assert project["authors"][0]["name"] in citation


def test_the_guide_for_agents_names_only_commands_that_exist() -> None:
    from powermeter.registry import VERBS

    text = (ROOT / "SKILL.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`powermeter ([a-z-]+)", text)) <= set(VERBS)
    for page in re.findall(r"`(docs/[\w./-]+)`", text):
        assert (ROOT / page).exists()


def test_pages_that_llms_txt_lists_exist() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", (ROOT / "llms.txt").read_text(encoding="utf-8")):
        assert (ROOT / target).exists(), target


def test_the_papers_references_are_all_in_its_bibliography() -> None:
    cited = set(re.findall(r"@([a-z0-9]+)", (ROOT / "paper" / "paper.md").read_text(encoding="utf-8")))
    known = set(re.findall(r"@\w+\{(\w+),", (ROOT / "paper" / "paper.bib").read_text(encoding="utf-8")))
    assert cited == known


def test_workflows_run_tasks_that_exist() -> None:
    tasks = (ROOT / "tasks.py").read_text(encoding="utf-8")
    for workflow in (ROOT / ".github" / "workflows").glob("*.yml"):
        for task in re.findall(r"python3? tasks\.py (\w+)", workflow.read_text(encoding="utf-8")):
            assert f"def {task}(" in tasks


def test_wide_tables_scroll_by_themselves_and_headings_can_be_selected() -> None:
    """The comparison was 1,192 wide on a phone of 360; the theme's script stopped at `#1-the-whole-run` and at a missing style sheet."""
    hook = runpy.run_path(str(DOCS / "site_links.py"))
    inner = SimpleNamespace(id="2-inner", children=[])
    page = SimpleNamespace(toc=[SimpleNamespace(id="1-whole", children=[inner])])
    html = '<h2 id="1-whole"></h2><a href="#1-whole"></a><a href="x.html#2-inner"></a><a href="https://a.b/#3"></a><a href="#c4">'
    assert hook["on_page_content"](html, page) == (
        '<h2 id="part-1-whole"></h2><a href="#part-1-whole"></a><a href="x.html#part-2-inner"></a>'
        '<a href="https://a.b/#3"></a><a href="#c4">'
    )
    assert (page.toc[0].id, inner.id) == ("part-1-whole", "part-2-inner")
    built = hook["on_post_page"]("<head></head><body></body>")
    assert (
        "overflow-x: auto" in built and 'id="hljs-light"' in built and built.endswith("</head><body></body>")
    )
