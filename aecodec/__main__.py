"""`python -m aecodec` runs the `aecodec` command."""

from aecodec.cli.main import main

if __name__ == "__main__":
    main()
