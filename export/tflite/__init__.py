"""Creation of int8 TFLite models, and changes to TFLite files."""
