"""Export of trained autoencoders as codec files, HDF5, TFLite and C."""
