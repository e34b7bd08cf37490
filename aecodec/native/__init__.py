"""The binding of libaecodec, the only package that uses ctypes."""
