"""What the site's pages need beside MkDocs: links to files that are not pages are printed as paths, wide tables scroll by themselves.

`mkdocs.yml` names it as a hook.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from typing import Any

LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)")
HEAD = (
    "<style>.col-md-9 table { display: block; width: 100%; overflow-x: auto; } .col-md-9 { overflow-wrap: anywhere; } "
    ".col-md-9 table { overflow-wrap: normal; }</style>"
    '<meta id="hljs-light"><meta id="hljs-dark">'
)
"""A table wider than a phone scrolls and the page does not; the theme's script asks for two style sheets that colour code."""


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


def on_page_content(html: str, page: Any, **_: object) -> str:
    """Return a page whose headings have names that the theme's script can select: one that begins with a digit ends it."""
    _rename(page.toc)
    html = re.sub(r'\bid="(?=\d)', 'id="part-', html)
    return re.sub(r'(href="(?!\w+:)[^"#]*#)(?=\d)', r"\1part-", html)


def _rename(anchors: Iterable[Any]) -> None:
    for anchor in anchors:
        if anchor.id[:1].isdigit():
            anchor.id = f"part-{anchor.id}"
        _rename(anchor.children)


def on_post_page(output: str, **_: object) -> str:
    """Return a page with `HEAD`."""
    return output.replace("</head>", f"{HEAD}</head>", 1)
