"""What a verb prints with --json, held to the published schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SCHEMA: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[2] / "docs" / "verbs.schema.json").read_text("utf-8")
)


def keeps_to_schema(verb: str, document: object) -> None:
    """Raise where a document breaks the schema; nothing is looked at where jsonschema is not installed."""
    try:
        import jsonschema
    except ImportError:
        return
    # `jsonschema.validate` proves the whole schema first; that is done once, in tests/cli/test_json.py.
    asked = jsonschema.Draft202012Validator({"$ref": f"#/$defs/{verb}", "$defs": SCHEMA["$defs"]})
    asked.validate(document)
