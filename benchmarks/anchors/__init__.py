"""Codecs that aecodec is compared with, and the environments that they need."""
