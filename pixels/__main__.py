"""`python -m pixels`: the command line of this very installation, whatever is first on PATH."""

from pixels.cli import main

main(prog_name="pixels")
