"""Options, input and output files, and messages of several commands."""
