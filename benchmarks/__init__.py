"""What is claimed, measured: one module a question, each a command."""
