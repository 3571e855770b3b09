"""What a page may ask by name, one table for all tabs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from strokes.studio import browse_tab, collect_tab, draw_tab, recover_tab, style_tab
from strokes.studio.studio import Studio
from strokes.studio.worker import Tell

Action = Callable[[Studio, Mapping[str, Any], Tell], Awaitable[dict[str, Any] | bytes]]

ACTIONS: dict[str, Action] = {
    **draw_tab.ACTIONS,
    **style_tab.ACTIONS,
    **recover_tab.ACTIONS,
    **collect_tab.ACTIONS,
    **browse_tab.ACTIONS,
}
