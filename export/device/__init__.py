"""Device folders for microcontrollers: C sources, tables, and verification against Python."""
