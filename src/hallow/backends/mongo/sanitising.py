"""How Sacred makes documents fit into BSON; for code that calls these helpers. Our own way is reversible."""

from __future__ import annotations

from typing import Any

__all__ = ["force_bson_encodeable", "force_valid_bson_key"]


def force_valid_bson_key(key: Any) -> str:
    """The key as text, with ``@`` for a leading ``$`` and ``,`` for every dot."""
    text = str(key)
    if text.startswith("$"):
        text = "@" + text[1:]
    return text.replace(".", ",")


def force_bson_encodeable(obj: Any) -> Any:
    """An object that BSON can hold, in place of another.

    Dicts that it cannot hold as they are get keys by :func:`force_valid_bson_key`; other values that it cannot hold
    become their text. numpy arrays are left as they are.

    Raises:
        MissingExtraError: (an ImportError) without pymongo.
    """
    from hallow.backends.mongo.driver import require_driver

    require_driver()
    if isinstance(obj, dict):
        if _is_encodable(obj):
            return obj
        return {force_valid_bson_key(key): force_bson_encodeable(value) for key, value in obj.items()}
    if isinstance(obj, list | tuple) and not _is_encodable({"value": obj}):
        return [force_bson_encodeable(value) for value in obj]
    if type(obj).__module__.partition(".")[0] == "numpy" and hasattr(obj, "shape") and obj.shape:
        return obj
    return obj if _is_encodable({"value": obj}) else str(obj)


def _is_encodable(document: dict[Any, Any]) -> bool:
    from bson import encode
    from bson.errors import BSONError

    try:
        encode(document, check_keys=True)
    except (BSONError, OverflowError, TypeError, ValueError, RecursionError):
        return False
    return True
