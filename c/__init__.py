"""C sources: the core that exported firmware copies, the library, `aecc`, and the Python engine."""
