"""The work of `aecodec export`: networks, a bundle, or a codec of two models."""
