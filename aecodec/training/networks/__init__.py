"""Ready-made encoders and decoders, their initialization, and quantization-aware copies."""
