"""Many files: worked on side by side, reported in their order, past those that fail."""
