"""Markdown tables of results, one function for each kind of rows."""
