"""Code that several commands share: options, input and output files, and messages."""
