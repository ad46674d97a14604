#!/usr/bin/env python3
"""Other people's published figures from their own raw data, with the interval that they lacked.

    python3 reproduce/run.py                          which publications there are
    python3 reproduce/run.py get NAME --from DIR      copy what NAME reads into reproduce/data
    python3 reproduce/run.py NAME [--data DIR]        published | ours ± 95 % | agrees, or why not
    python3 reproduce/run.py table                    write docs/reproduced.md from the results kept

DIR holds the repositories that NAME names: clones, bare git directories or unpacked folders, each called
as the repository (`E2FL`, `sco-edge+E2FL/repo` or `sco-edge/E2FL`); with one repository, DIR may be it.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import tempfile
from pathlib import Path, PurePosixPath

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import table
from publication import Publication, Source
from store import Store

DATA = HERE / "data"


def names() -> list[str]:
    """Return the publications, by their folder."""
    return sorted(path.parent.name for path in HERE.glob("*/figures.py"))


def load(name: str) -> Publication:
    """Return a publication by its folder."""
    spec = importlib.util.spec_from_file_location(f"reproduce_{name}", HERE / name / "figures.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    found: Publication = module.PUBLICATION
    return found


def find(source: Source, folder: Path, patterns: tuple[str, ...], only: bool) -> Store | None:
    """Return where a repository with one of the files that are read lies under a folder, or None."""
    owner = source.repository.partition("/")[0]
    candidates = [
        folder / source.name,
        folder / f"{owner}+{source.name}" / "repo",
        folder / owner / source.name,
        *([folder] if only else []),
    ]
    for path in candidates:
        if path.is_dir() and any(
            (store := Store(path, source.commit)).match(pattern) for pattern in patterns
        ):
            return store
    return None


def stores(publication: Publication, folder: Path) -> dict[str, Store]:
    """Return the repositories of a publication under a folder; end where it needs some and none is there."""
    if not publication.sources:
        return {}
    only = len(publication.sources) == 1
    found = {source.name: find(source, folder, publication.files, only) for source in publication.sources}
    present = {name: store for name, store in found.items() if store is not None}
    if not present:
        wanted = ", ".join(f"{source.repository}@{source.commit[:12]}" for source in publication.sources)
        sys.exit(f"{folder}: holds none of {wanted}; clone them there, or name another folder with --data")
    for name in found.keys() - present.keys():
        print(f"{name}: not under {folder}, left out", file=sys.stderr)
    return present


def get(name: str, folder: Path) -> None:
    """Copy the files that a publication reads into reproduce/data."""
    publication = load(name)
    if not publication.sources:
        print(f"{name}: reads no data; run it")
    for repository, store in stores(publication, folder).items():
        copied, absent = 0, []
        for pattern in publication.files:
            for file in store.match(pattern):
                try:
                    store.copy(file, (DATA / repository / PurePosixPath(file)).parent)
                    copied += 1
                except FileNotFoundError:
                    absent.append(file)
        print(f"{repository}: {copied} files in {DATA / repository}")
        if absent:
            print(f"{repository}: {len(absent)} are listed without their content: {', '.join(absent[:3])}")


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="*", help="NAME, `get NAME`, or `table`")
    parser.add_argument("--from", dest="source", type=Path, help="where `get` finds the repositories")
    parser.add_argument("--data", type=Path, default=DATA, help="where NAME finds them  [reproduce/data]")
    parser.add_argument("--dry-run", action="store_true", help="print only; keep no result")
    asked = parser.parse_args()
    match asked.what:
        case []:
            for name in names():
                print(f"{name:18} {load(name).title}")
        case ["table"]:
            table.write(HERE, HERE.parent / "docs" / "reproduced.md", {name: load(name) for name in names()})
        case ["get", name] if name in names() and asked.source:
            get(name, asked.source)
        case [name] if name in names():
            publication = load(name)
            with tempfile.TemporaryDirectory() as folder:
                found = list(publication.figures(stores(publication, asked.data), Path(folder)))
            if not found:
                sys.exit(f"{asked.data}: no figure of {name} comes out of what lies there; nothing is kept")
            print(table.text(found))
            if not asked.dry_run:
                table.keep(HERE / name / "result.json", found)
        case _:
            parser.error(f"publications are {', '.join(names())}; `get` needs --from DIR")


if __name__ == "__main__":
    main()
