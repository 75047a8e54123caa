"""The methods with which text, images, tables and histograms are logged, for all that can keep artifacts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hallow.running.media import Media

__all__ = ["LogsMedia"]


class LogsMedia:
    """Adds ``log_text`` and its like to a class with ``add_artifact`` and ``run_logger``.

    Each call keeps a small file, see :mod:`hallow.running.media`, which is loaded when it is needed.
    """

    _media: Media | None = None

    def log_text(self, name: str, text: str, step: Any = None) -> None:
        """Keep a text with the record, as an artifact; ``step`` counts from 0 for each name.

        Raises:
            LogValueError: (a TypeError) if it is no ``str``.
        """
        self._media_log().log_text(name, text, step)

    def log_image(self, name: str, image: Any, step: Any = None) -> None:
        """Keep an image: a path, PNG or JPEG bytes, a PIL image, a figure, or rows of pixels (H x W, H x W x 3 or 4).

        Raises:
            LogValueError: (a TypeError) if it is none of these.
        """
        self._media_log().log_image(name, image, step)

    def log_table(self, name: str, table: Any, step: Any = None, header: Sequence[Any] | None = None) -> None:
        """Keep a table: a list of dicts, a dict of columns, a DataFrame, or rows with a ``header``.

        Raises:
            LogValueError: (a TypeError) if it is none of these.
        """
        self._media_log().log_table(name, table, step, header=header)

    def log_histogram(self, name: str, values: Any, step: Any = None, bins: int = 64) -> None:
        """Keep the distribution of some numbers in ``bins`` bins of equal width.

        Raises:
            LogValueError: (a TypeError) if they are no numbers.
        """
        self._media_log().log_histogram(name, values, step, bins=bins)

    def _media_log(self) -> Media:
        if self._media is None:
            from hallow.running.media import Media

            media = Media(self)
            media.go_on_after(self._kept_before())
            self._media = media
        return self._media

    def _kept_before(self) -> Iterable[Mapping[str, Any] | None]:
        """The metadata of artifacts that are in the record already: automatic steps follow them."""
        return ()
