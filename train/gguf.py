"""Writes GGUF version 3 files: settings and tensors, each tensor already in its stored form."""
import struct

ALIGNMENT = 32
U32, F32, BOOL, STRING, ARRAY = 4, 6, 7, 8, 9
I32 = 5


def _string(text):
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _scalar(kind, value):
    if kind == STRING:
        return _string(value)
    return struct.pack({U32: "<I", I32: "<i", F32: "<f", BOOL: "<?"}[kind], value)


def _value(value):
    """Python's bool, int, float, str, and lists of str or int."""
    if isinstance(value, list):
        kind = STRING if isinstance(value[0], str) else I32
        head = struct.pack("<IIQ", ARRAY, kind, len(value))
        return head + b"".join(_scalar(kind, item) for item in value)
    for python, kind in ((bool, BOOL), (int, U32), (float, F32), (str, STRING)):
        if isinstance(value, python):
            return struct.pack("<I", kind) + _scalar(kind, value)
    raise TypeError(f"no GGUF type for {type(value).__name__}")


def write(path, settings, tensors):
    """tensors: (name, shape as in PyTorch, GGUF's number of the type, bytes)."""
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(settings))
    for key, value in settings.items():
        head += _string(key) + _value(value)
    offset = 0
    for name, shape, number, data in tensors:
        # GGUF counts dimensions from the one that lies together in memory
        head += _string(name) + struct.pack("<I", len(shape))
        head += b"".join(struct.pack("<Q", n) for n in reversed(shape))
        head += struct.pack("<IQ", number, offset)
        offset += -(-len(data) // ALIGNMENT) * ALIGNMENT
    with open(path, "wb") as file:
        file.write(head + bytes(-len(head) % ALIGNMENT))
        for _, _, _, data in tensors:
            file.write(data + bytes(-len(data) % ALIGNMENT))
