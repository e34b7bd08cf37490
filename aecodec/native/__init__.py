"""The binding of the library in C; nothing else imports ctypes."""
