"""Coverage-guided fuzzing of `decoder_targets`; needs `pip install atheris`.

    python tests/support/fuzz_decoders.py corpus/ -max_total_time=600 -rss_limit_mb=2048 -max_len=4096

An empty corpus is filled with one sound example of each target.  What it found interesting is kept, in part, in
`decoder_corpus.txt`, which the tests run through.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["powermeter", "tomllib", "json"]):
    from decoder_targets import one, seeds

if __name__ == "__main__":
    for argument in sys.argv[1:]:
        if not argument.startswith("-"):
            Path(argument).mkdir(parents=True, exist_ok=True)
            seeds(Path(argument))
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
