"""What a page may ask by name, one table for all tabs."""

from __future__ import annotations

from strokes.studio import browse_tab, collect_tab, draw_tab, recover_tab, style_tab
from strokes.studio.studio import Action

ACTIONS: dict[str, Action] = {
    **draw_tab.ACTIONS,
    **style_tab.ACTIONS,
    **recover_tab.ACTIONS,
    **collect_tab.ACTIONS,
    **browse_tab.ACTIONS,
}
