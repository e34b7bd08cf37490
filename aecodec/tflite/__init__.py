"""TFLite models, read as data, and LiteRT, which runs them."""
