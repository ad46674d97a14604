"""Links of the site to files of the repository that are not pages: there the path is printed, where a link would lead nowhere.

`mkdocs.yml` names it as a hook.
"""

from __future__ import annotations

import posixpath
import re
from typing import Any

LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)")


def on_page_markdown(markdown: str, page: Any, **_: object) -> str:
    """Return a page whose links out of the folder of pages are the names of what they lead to."""
    folder = posixpath.join("docs", posixpath.dirname(page.file.src_uri))

    def printed(link: re.Match[str]) -> str:
        text, target = link[1], link[2]
        path = posixpath.normpath(posixpath.join(folder, target.partition("#")[0]))
        if "://" in target or target.startswith("#") or path.startswith("docs/"):
            return link[0]
        named = text.strip("`").strip("/") == path
        return f"`{path}`" if named else f"{text} (`{path}` in the repository)"

    return LINK.sub(printed, markdown)
