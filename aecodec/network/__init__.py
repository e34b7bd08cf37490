"""Networks as plans, which the C core runs: lowering of TFLite models."""
