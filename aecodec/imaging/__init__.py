"""Pictures: reading, writing, splitting, resampling and drawing them."""
