"""An evaluation as one page of HTML that needs nothing else: no network, no script, no font."""

from .page import page_of

__all__ = ["page_of"]
