"""Coverage-guided fuzzing of what takes strangers' bytes apart; needs `pip install atheris`.

    python tests/support/fuzz_decoders.py GROUP corpus/ -max_total_time=600 -rss_limit_mb=2048 -max_len=4096

GROUP is `recording` (`decoder_targets`) or one of `input_targets.GROUPS`: frames, urls, configuration, calibration, logs.  An empty
corpus is filled with one sound example of each target.  What it found interesting is kept, in part, in `decoder_corpus.txt` and
`input_corpus.txt`, which the tests run through.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["powermeter", "tomllib", "json"]):
    import decoder_targets
    import input_targets

if __name__ == "__main__":
    group = sys.argv.pop(1)
    target = decoder_targets if group == "recording" else input_targets.GROUPS[group]
    for argument in sys.argv[1:]:
        if not argument.startswith("-"):
            Path(argument).mkdir(parents=True, exist_ok=True)
            target.seeds(Path(argument))
    atheris.Setup(sys.argv, target.one)
    atheris.Fuzz()
