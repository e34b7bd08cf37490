"""From a trained autoencoder to files: HDF5, quantized TFLite, a codec folder."""

from aecodec.export.codec_folder import export_codec
from aecodec.export.hdf5 import hdf5_bytes
from aecodec.export.tflite import decoder_tflite, encoder_tflite

__all__ = ["decoder_tflite", "encoder_tflite", "export_codec", "hdf5_bytes"]
