"""English words of requests. "a/b" is either word, "[a]" may be absent, "~a" is any form.

Of equal phrases the first one counts, in the order in which the tables stand here.
"""

from __future__ import annotations

from ..lexicon import Table
from .asking import ASKING
from .context import CONTEXT
from .measured import MEASURED
from .others import FOREIGN, NEAR
from .small import SMALL
from .wants import WANTS

ENGLISH: Table = {**NEAR, **WANTS, **ASKING, **MEASURED, **CONTEXT, **SMALL, **FOREIGN}
