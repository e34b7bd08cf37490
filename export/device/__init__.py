"""A folder for a microcontroller: C source, tables, and its verification against Python."""
