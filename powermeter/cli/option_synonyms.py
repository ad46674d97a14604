"""What a word is called here that means the same elsewhere: no spelling leads from `report --format` to `--to`."""

from __future__ import annotations

OPTIONS = {
    ("report", "--format"): "--to",
    ("export", "--to"): "--format",
    ("export", "--kind"): "--format",
    ("lifetime", "--per-day"): "--requests-per-day",
    ("footprint", "--home"): "--place",
    ("report", "--home"): "--place",
}
"""A verb and an option that it has not → its own of that meaning."""
VERBS = {"sweep": "bench --sweep", "explain": "footprint --explain"}
"""What is not a verb → what is meant."""
KINDS = {"md": "markdown", "tex": "latex", "htm": "html"}
"""File extensions → the kinds of report that they name."""
