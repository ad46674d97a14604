"""`python -m powermeter`."""

from powermeter.cli import main

main()
