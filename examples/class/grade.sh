#!/bin/sh
# For an auto-grader: prints the findings of one hand-in, and ends with 0 (accepted), 7 (changed or unreadable),
# 12 (a rule is broken) or 13 (a person must look).
#   sh grade.sh run.power
exec powermeter verify "$1" --rubric "$(dirname "$0")/rubric.toml"
