"""Sets of pictures for training, for calibration and for evaluation."""
