#!/usr/bin/env bash
# Run with: powermeter record -- bash infer.sh
set -euo pipefail

powermeter mark instant epoch -a number=1
for _ in 1 2 3; do
    powermeter mark begin infer -a model=tiny
    powermeter mark begin "decode the output"
    sleep 0.002 # the work
    powermeter mark end "decode the output" --items unknown
    powermeter mark end infer --items 8
done
