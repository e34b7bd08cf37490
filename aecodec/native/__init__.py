"""The binding of libaecodec, and the only place that knows ctypes."""
