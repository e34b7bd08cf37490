"""Sets of pictures for training, calibration and evaluation."""
