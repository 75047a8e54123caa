"""What a process finds as ``sacred`` that knows no more than the path of this folder: it gets all the rest."""

from __future__ import annotations

import sys
from importlib import import_module

del sys.modules[__name__]
import_module("hallow.as_sacred")  # from now on `sacred` is found by its name
import_module(__name__)  # the import that brought us here takes what stands under the name afterwards
