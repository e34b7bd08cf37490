"""Rate and distortion: bits per pixel, mean squared error, PSNR, MS-SSIM and SSIMULACRA2."""

from aecodec.metrics.perceptual import check_ssimulacra2, ssimulacra2
from aecodec.metrics.pixels import bits_per_pixel, mse, psnr
from aecodec.metrics.structural import ms_ssim

__all__ = ["bits_per_pixel", "check_ssimulacra2", "ms_ssim", "mse", "psnr", "ssimulacra2"]
