"""TFLite models read as data, and checked before any runtime sees them."""
