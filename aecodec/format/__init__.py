"""The `.aec` file format: header, payload, and the encoding of numbers and blocks."""
