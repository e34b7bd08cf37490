"""Export of trained autoencoders as codec folders, HDF5, TFLite and C."""
