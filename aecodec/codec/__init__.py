"""Codecs: pictures to `.aec` files and back."""
