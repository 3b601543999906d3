"""`python -m streamrnn_cli` is the command, too."""

from .main import main

main()
