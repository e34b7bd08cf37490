"""From TFLite models to network plans, which the C core runs in integers."""
