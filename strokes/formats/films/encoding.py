"""Films as GIF, APNG and WebP (by Pillow) and MP4 (by ffmpeg, which the extra `film` brings)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from strokes.errors import ConfigError
from strokes.formats.films.frames import Scene, times_of
from strokes.formats.films.settings import parse_colour

COLOURS = 128
WEBP_QUALITY = 80
CRF = "20"
"""H.264's constant rate factor: visually lossless for drawings."""


def save_gif(scene: Scene, path: Path) -> None:
    """Save as a GIF of one palette."""
    last = Image.fromarray(scene.last())
    learned = last.quantize(COLOURS - 1, method=Image.Quantize.MEDIANCUT).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([*parse_colour(scene.settings.paper), *learned])
    images = (Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.NONE) for frame in scene.frames())
    _save(images, path, scene, format="GIF", disposal=1, **({} if scene.settings.loop == 1 else {"loop": _loop(scene)}))


def _loop(scene: Scene) -> int:
    """How often a GIF repeats after it has played, 0 for ever."""
    return max(scene.settings.loop - 1, 0)


def save_apng(scene: Scene, path: Path) -> None:
    """Save as an animated PNG."""
    images = [Image.fromarray(frame) for frame in scene.frames()]
    images[0].save(
        path, "PNG", save_all=True, append_images=images[1:], duration=times_of(scene), loop=scene.settings.loop
    )


def save_webp(scene: Scene, path: Path) -> None:
    """Save as an animated WebP."""
    images = (Image.fromarray(frame) for frame in scene.frames())
    _save(images, path, scene, format="WEBP", loop=scene.settings.loop, quality=WEBP_QUALITY, method=4)


def _save(images: Any, path: Path, scene: Scene, **settings: Any) -> None:
    first = next(images)
    first.save(path, save_all=True, append_images=images, duration=times_of(scene), **settings)


def save_mp4(scene: Scene, path: Path) -> None:
    """Save as MP4 (H.264), which every browser and phone plays.

    Raises:
        ConfigError: imageio-ffmpeg is not installed.
    """
    try:
        import imageio_ffmpeg
    except ImportError:
        raise ConfigError("MP4 needs imageio-ffmpeg; install it with: pip install 'penstrokes[film]'") from None
    extra = ["-crf", CRF, "-movflags", "+faststart", "-f", "mp4"]
    writer = imageio_ffmpeg.write_frames(
        str(path), scene.sides, fps=scene.settings.fps, codec="libx264", macro_block_size=1, output_params=extra
    )
    writer.send(None)
    last = b""
    for frame in scene.frames():
        last = np.ascontiguousarray(frame).tobytes()
        writer.send(last)
    for _ in range(round(scene.settings.hold_ms / 1000 * scene.settings.fps) - 1):
        writer.send(last)
    writer.close()


ENCODERS: dict[str, Callable[[Scene, Path], None]] = {
    ".gif": save_gif,
    ".png": save_apng,
    ".apng": save_apng,
    ".webp": save_webp,
    ".mp4": save_mp4,
}


def find_encoder(ending: str) -> Callable[[Scene, Path], None]:
    """What saves a film whose name ends so."""
    return ENCODERS[ending]
