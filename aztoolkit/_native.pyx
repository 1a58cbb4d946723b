# cython: language_level=3, boundscheck=False, wraparound=False, embedsignature=False
"""The one door into C++: thin wrappers; the signatures and their meaning are in `_native.pyi`."""

from libc.stddef cimport size_t
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libcpp.memory cimport make_shared, make_unique, shared_ptr, unique_ptr
from libcpp.optional cimport optional
from libcpp.pair cimport pair
from libcpp.vector cimport vector

from aztoolkit cimport _cpp as cpp

from typing import NamedTuple

from aztoolkit.errors import ModelError, PositionError

include "_native_game.pxi"
include "_native_search.pxi"
include "_native_replay.pxi"
