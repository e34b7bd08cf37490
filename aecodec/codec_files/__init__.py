"""A codec on disk: its specification, its folder and its entropy-coding tables."""
