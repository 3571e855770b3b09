"""Films as SVG that moves by CSS alone: it plays in browsers and in the README of a web page, and can be zoomed."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from strokes.formats.films.frames import FAINT, Scene, arrow_of, number_place
from strokes.formats.recording import Numbers
from strokes.formats.xml_text import xml_text

DOT_LENGTH_PX = 0.01


def write_moving_svg(scene: Scene, path: Path) -> None:
    """Write a scene as one SVG file."""
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.writelines(lines_of(scene))


def lines_of(scene: Scene) -> Iterator[str]:
    """The file, in pieces."""
    width, height = scene.sides
    seconds = scene.seconds + scene.settings.hold_ms / 1000
    often = "infinite" if scene.settings.loop == 0 else str(scene.settings.loop)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">\n'
        f"<style>path.s{{fill:none;stroke-width:{scene.pen_px:g};stroke-linecap:round;stroke-linejoin:round;"
        f"stroke-dasharray:1 1;animation:{seconds:g}s linear {often} both}}"
        f".m{{animation:{seconds:g}s linear {often} both}}\n"
    )
    spans = [[scene.span(course, float(m)) / seconds for m in course.spans.ravel()] for course in scene.courses]
    for i, own in enumerate(spans):
        for j in range(len(own) // 2):
            yield keyframes(f"s{i}-{j}", own[2 * j], own[2 * j + 1])
            if scene.settings.arrows:
                yield keyframes(f"a{i}-{j}", (own[2 * j] + own[2 * j + 1]) / 2, own[2 * j + 1])
    yield f'</style>\n<rect width="{width}" height="{height}" fill="{xml_text(scene.settings.paper)}"/>\n'
    for i, glyph in enumerate(scene.glyphs):
        yield f'<g transform="translate({scene.corner(i)[0]} {scene.corner(i)[1]})">\n'
        if glyph.label is not None:
            yield f"<title>{xml_text(glyph.label)}</title>\n"
        yield background(scene, i)
        for j, stroke in enumerate(glyph.strokes):
            yield from stroke_of(scene, f"{i}-{j}", j, stroke * scene.unit)
        yield "</g>\n"
    yield "</svg>\n"


def keyframes(name: str, start: float, end: float) -> str:
    """A stroke that grows from `start` to `end`, shares of the whole, and is not to be seen before."""
    first, last = f"{start * 100:.3f}%", f"{max(end, start + 1e-4) * 100:.3f}%"
    before = f"{max(start - 1e-5, 0) * 100:.3f}%"
    return (
        f"@keyframes {name}{{0%,{before}{{stroke-dashoffset:1;opacity:0}}{first}{{stroke-dashoffset:1;opacity:1}}"
        f"{last},100%{{stroke-dashoffset:0;opacity:1}}}}\n"
    )


def stroke_of(scene: Scene, name: str, number: int, points: Numbers) -> Iterator[str]:
    """A stroke with its arrow and number, as asked for."""
    red, green, blue = scene.settings.stroke_colour(number)
    colour = f"#{red:02x}{green:02x}{blue:02x}"
    if not np.ptp(points, axis=0).any():
        points = np.stack([points[0], points[0] + np.array([DOT_LENGTH_PX, 0])])
    places = " ".join(f"{x:.2f} {y:.2f}" for x, y in points.tolist())
    yield f'<path class="s" pathLength="1" stroke="{colour}" style="animation-name:s{name}" d="M{places}"/>\n'
    size = max(scene.unit / 26, 3.5)
    if scene.settings.arrows and (arrow := arrow_of(points, size)) is not None:
        corners = " ".join(f"{x:.2f},{y:.2f}" for x, y in arrow.tolist())
        yield f'<polygon class="m" style="animation-name:a{name}" fill="{colour}" points="{corners}"/>\n'
    if scene.settings.numbers:
        x, y = number_place(points, size)
        yield (
            f'<text class="m" style="animation-name:s{name}" x="{x:.2f}" y="{y:.2f}" fill="{colour}" '
            f'font-family="sans-serif" font-size="{size * 1.2:.1f}" text-anchor="middle" dominant-baseline="central">'
            f"{number + 1}</text>\n"
        )


def background(scene: Scene, number: int) -> str:
    """A drawing's faint picture inside the file, at its own resolution; "" where there is none."""
    picture = scene.backgrounds[number]
    if picture is None:
        return ""
    stream = io.BytesIO()
    clear = np.zeros((*picture.shape, 4), np.uint8)
    clear[..., 3] = picture
    Image.fromarray(clear).save(stream, format="PNG", optimize=True)
    height, width = picture.shape
    each = scene.unit / max(width, height)
    content = base64.b64encode(stream.getvalue()).decode()
    pixels = ' style="image-rendering:pixelated"' if each > 4 else ""
    return (
        f'<image width="{width * each:.2f}" height="{height * each:.2f}" opacity="{FAINT * 1.5:g}"{pixels} '
        f'href="data:image/png;base64,{content}"/>\n'
    )
