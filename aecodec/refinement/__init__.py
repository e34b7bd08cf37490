"""Refinements: residuals that bound the error of every sample (docs/FORMAT.md, section 13)."""
