"""Networks for the C core: a TFLite model as a network plan, which `aecodec_network.c` runs."""
