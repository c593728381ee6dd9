"""Chinese words of requests, in simplified characters, into which all text is converted.

Of equal phrases the first one counts, in the order in which the tables stand here.
"""

from __future__ import annotations

from ..lexicon import Table
from .context import CONTEXT
from .measured import MEASURED
from .others import FOREIGN, NEAR
from .small import SMALL
from .wants import WANTS

CHINESE: Table = {**NEAR, **WANTS, **MEASURED, **CONTEXT, **SMALL, **FOREIGN}
