"""Running a codec's networks: the only door to LiteRT, Keras and TensorFlow Lite Micro."""
