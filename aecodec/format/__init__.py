"""The `.aec` file: its header, and how numbers and blocks are written."""
