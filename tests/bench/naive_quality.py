"""What people take for structure kept without a scorer: SSIM, PSNR, perceptual hash, recall of Canny edges."""

import cv2
import numpy as np

from staging.quality.pair import Pixels


def _grey(picture: Pixels) -> np.ndarray:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))


def ssim(original: Pixels, output: Pixels) -> float:
    """Return Wang's mean structural similarity of the greys (sigma 1.5)."""
    a, b = (_grey(picture).astype(np.float64) for picture in (original, output))
    mean_a, mean_b = (cv2.GaussianBlur(one, (11, 11), 1.5) for one in (a, b))
    spread_a = cv2.GaussianBlur(a * a, (11, 11), 1.5) - mean_a**2
    spread_b = cv2.GaussianBlur(b * b, (11, 11), 1.5) - mean_b**2
    shared = cv2.GaussianBlur(a * b, (11, 11), 1.5) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    top = (2 * mean_a * mean_b + c1) * (2 * shared + c2)
    return float((top / ((mean_a**2 + mean_b**2 + c1) * (spread_a + spread_b + c2))).mean())


def psnr(original: Pixels, output: Pixels) -> float:
    """Return the peak signal-to-noise ratio in dB."""
    return float(cv2.PSNR(original, output))


def phash(original: Pixels, output: Pixels) -> float:
    """Return minus the Hamming distance of both 64-bit perceptual hashes (DCT, as imagehash has it)."""
    bits = []
    for picture in (original, output):
        small = cv2.resize(_grey(picture), (32, 32), interpolation=cv2.INTER_AREA).astype(np.float64)
        low = cv2.dct(small)[:8, :8]
        bits.append(low > np.median(low))
    return -float((bits[0] != bits[1]).sum())


def canny(original: Pixels, output: Pixels) -> float:
    """Return the share of the original's Canny edges that the output has within two pixels."""
    a, b = (cv2.Canny(_grey(picture), 40, 100) > 0 for picture in (original, output))
    near = cv2.dilate(b.astype(np.uint8), np.ones((5, 5))) > 0
    return float((a & near).sum() / max(1, a.sum()))


def all_of_them(original: Pixels, output: Pixels) -> dict[str, float]:
    """Return every measure by name, the output brought to the original's size first."""
    fitted = np.asarray(cv2.resize(output, original.shape[1::-1]), np.uint8)
    return {way.__name__: way(original, fitted) for way in (ssim, psnr, phash, canny)}
