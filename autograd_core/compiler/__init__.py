"""Recording a function as a flat program of kernel calls, to be read and to be run without building a graph."""

from .program import Program, compile
from .recording import CannotRecord, Record, record

__all__ = ["CannotRecord", "Program", "Record", "compile", "record"]
