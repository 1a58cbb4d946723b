"""aztoolkit trains an AlphaZero chess network, shrinks it to INT8 and proves that it still plays as well.

The library is numpy, python-chess and (through `aztoolkit.backends`) one inference runtime; it never
imports torch. The four stages `train`, `export`, `eval` and `serve` are reached by the command line.
"""

__version__ = "0.1.0"
