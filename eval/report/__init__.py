"""What a match and a gate say in the end: a JSON document, a page, PGN, and words."""

from eval.report.document import gate_document, match_document
from eval.report.files import page_path, write_gate
from eval.report.terminal import print_gate, print_match

__all__ = [
    "gate_document",
    "match_document",
    "page_path",
    "print_gate",
    "print_match",
    "write_gate",
]
