"""From a trained autoencoder to files: codec folders, HDF5, TFLite and C, and their parity."""
