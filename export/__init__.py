"""From a trained autoencoder to files: HDF5, TFLite, C, a codec folder; how far they differ."""
