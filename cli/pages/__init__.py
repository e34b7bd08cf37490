"""Commands that make pages to look at."""
