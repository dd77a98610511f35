"""Recording a function as a flat program of NumPy calls, to be read and to be run without building a graph."""

from .compiled import compile
from .program import Program
from .recording import CannotRecord, Record, record

__all__ = ["CannotRecord", "Program", "Record", "compile", "record"]
