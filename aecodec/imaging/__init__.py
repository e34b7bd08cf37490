"""Pictures in memory: splitting, resampling, stacking and drawing."""
