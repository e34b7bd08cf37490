"""Making int8 TFLite models, and changing TFLite files."""
