"""Rows of numbers to the stored forms of GGUF, by hearth's own reference conversions (src/quant) and q3k.py."""
import ctypes
import functools
import pathlib
import subprocess

import numpy
import torch

import q3k

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIBRARY = ROOT / "build" / "train" / "quant.so"
# hearth's order of types in dtype.h, GGUF's numbers, and the elements and bytes of a block
TYPES = {name: (i, *rest) for i, (name, *rest) in enumerate([
    ("F32", 0, 1, 4), ("F16", 1, 1, 2), ("BF16", 30, 1, 2), ("Q4_0", 2, 32, 18),
    ("Q4_1", 3, 32, 20), ("Q5_0", 6, 32, 22), ("Q5_1", 7, 32, 24), ("Q8_0", 8, 32, 34),
    ("Q2_K", 10, 256, 84), ("Q3_K", 11, 256, 110), ("Q4_K", 12, 256, 144),
    ("Q5_K", 13, 256, 176), ("Q6_K", 14, 256, 210)])}
# GGUF's general.file_type
FILE_TYPES = {"F32": 0, "F16": 1, "Q4_0": 2, "Q8_0": 7, "Q3_K": 11, "Q4_K": 15, "Q6_K": 18, "BF16": 32}


@functools.lru_cache(maxsize=None)
def _library():
    LIBRARY.parent.mkdir(parents=True, exist_ok=True)
    sources = sorted(str(p) for p in (ROOT / "src" / "quant").glob("*.c"))
    subprocess.run(["cc", "-std=c17", "-O2", "-ffp-contract=off", "-D_GNU_SOURCE", "-shared", "-fPIC",
                    "-I", str(ROOT / "src"), "-o", str(LIBRARY), *sources, "-lm"], check=True)
    library = ctypes.CDLL(str(LIBRARY))
    library.quantize_row.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]
    library.quantize_row.restype = None
    library.quantize_supported.restype = ctypes.c_bool
    return library


def number(type_name):
    return TYPES[type_name][1]


def quantize(values, type_name):
    """values [..., n] to bytes."""
    index, _, elements, n_bytes = TYPES[type_name]
    values = numpy.ascontiguousarray(values, dtype=numpy.float32)
    if values.shape[-1] % elements:
        raise ValueError(f"rows of {values.shape[-1]} are no multiple of {type_name}'s {elements}")
    if type_name == "Q3_K":
        return q3k.pack(torch.from_numpy(values))
    if not _library().quantize_supported(index):
        raise ValueError(f"hearth does not write {type_name}")
    out = ctypes.create_string_buffer(values.size // elements * n_bytes)
    _library().quantize_row(index, values.ctypes.data, out, values.size)
    return out.raw
