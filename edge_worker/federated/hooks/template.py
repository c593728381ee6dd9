"""The functions that a proposal may bring: each region is replaced as a whole.

Read as text, never imported: a job gets it with a proposal's functions in it. What a function
may use is imported here. `None` means the harness's own.
"""

from __future__ import annotations

import math  # noqa: F401 - for the hooks, as all of these

import numpy as np  # noqa: F401
import torch  # noqa: F401
from torch import Tensor, nn  # noqa: F401
from torch.nn import functional as F  # noqa: F401, N812 - the usual name

# region edge_ai:build_model
build_model = None
# endregion

# region edge_ai:augment
augment = None
# endregion

# region edge_ai:make_optimizer
make_optimizer = None
# endregion

# region edge_ai:make_scheduler
make_scheduler = None
# endregion
