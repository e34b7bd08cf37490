"""Fitting the entropy model of a level to the codes that its encoder makes."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # before TensorFlow is first imported
