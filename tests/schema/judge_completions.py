#!/usr/bin/env python3
"""judge_completions.py: answers that were held to a JSON Schema, judged by a validator that shares nothing with hearth.

    judge_completions.py COMPLETE_SCHEMAS SUITE [MODEL.gguf...]

COMPLETE_SCHEMAS is the program of complete_schemas.c. For every schema of the suite, and for string formats, it writes COUNT
answers of a model with random weights, and of each model named; all must be JSON and valid for python3-jsonschema. Schemas that
hearth refuses, and tests of the suite that the validator is known to judge otherwise than the specification, are listed here by
name; whatever else occurs is a failure, and so is a listed one that does not occur any more. The last line is "N passed, N
failed", where a schema counts once for each model.
"""
import datetime
import functools
import ipaddress
import json
import os
import re
import subprocess
import sys
import unicodedata
import uuid
from urllib.parse import urljoin

import jsonschema
from jsonschema import validators

COUNT = 20
# Before version 4.18 the validator looked for a reference only where the schema's own address leads.
REFERENCES_ARE_FOUND = hasattr(jsonschema.Draft7Validator({}), "_resolver")
DRAFTS = ("draft2020-12", "draft7")
NO_DOCUMENT = "no text at all"

# Name -> what the message says.
REFUSED = {
    "draft2020-12/ref: ref creates new scope when adjacent to keywords": "#/$defs/A/unevaluatedProperties: ",
}

# Name of a test of the suite -> why the validator judges it otherwise than the specification.
VALIDATOR_DIFFERS = {} if REFERENCES_ARE_FOUND else {
    "draft2020-12/ref: empty tokens in $ref json-pointer: non-number is invalid": "drops empty parts of a pointer",
    "draft7/ref: empty tokens in $ref json-pointer: non-number is invalid": "drops empty parts of a pointer",
    "draft7/additionalItems: additionalItems with heterogeneous array: heterogeneous invalid instance":
        "fails while it sorts the items of its message",
}

# String formats, which the suite's files do not have: an example, a counterexample, and a reader that raises ValueError.
# Python has no year 0, RFC 3339 has.
FORMATS = {
    "date": ("2024-02-29", "2023-02-29", lambda s: datetime.date.fromisoformat(s.replace("0000", "0004", 1))),
    "date-time": ("2024-02-29T23:59:59Z", "2024-02-30T23:59:59Z",
                  lambda s: datetime.datetime.strptime(s[:19].replace("0000", "0004", 1), "%Y-%m-%dT%H:%M:%S")),
    "time": ("23:59:59.5+01:00", "24:00:00Z", lambda s: datetime.datetime.strptime(s[:8], "%H:%M:%S")),
    "ipv4": ("127.0.0.1", "127.0.0.256", ipaddress.IPv4Address),
    "ipv6": ("0:0:0:0:0:0:0:1", "0:0:0:0:0:0:0:g", ipaddress.IPv6Address),
    "uuid": ("9e0a2bd2-d6b6-4a4c-8a6c-0a6f2d1f0a11", "9e0a2bd2", uuid.UUID),
}


# ---- the validator ----

def letters():
    """All letters as a class of Python's expressions, which have no \\p{Letter}. Characters that Python does not know yet are
    among them: hearth's edition of Unicode may be a later one."""
    ranges = []
    for c in range(0x110000):
        if unicodedata.category(chr(c)) in ("Lu", "Ll", "Lt", "Lm", "Lo", "Cn"):
            if ranges and ranges[-1][1] == c - 1:
                ranges[-1][1] = c
            else:
                ranges.append([c, c])
    return "".join(f"\\U{a:08x}-\\U{b:08x}" for a, b in ranges)


@functools.cache
def python_pattern(pattern):
    """ECMA 262 as Python has it: there, '$' would also stand before a line break, and '.' for three of its four line ends."""
    parts = re.findall(r"\\p\{Letter\}|\\.|\[(?:\\.|[^\]])*\]|.", pattern, re.S)
    own = {"$": r"\Z", ".": "[^\n\r\u2028\u2029]"}
    return re.compile("".join(f"[{letters()}]" if part == r"\p{Letter}" else own.get(part, part) for part in parts))


def pattern_keyword(validator, pattern, instance, schema):
    if validator.is_type(instance, "string") and not python_pattern(pattern).search(instance):
        yield jsonschema.ValidationError(f"{instance!r} does not match {pattern!r}")


def same(a, b):
    """Equal as JSON has it: Python's True is 1, also within lists, and old validators follow it."""
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    return a == b


def enum_keyword(validator, values, instance, schema):
    if not any(same(instance, value) for value in values):
        yield jsonschema.ValidationError(f"{instance!r} is not one of {values!r}")


def subschemas(node, base):
    """All objects below a node that have an address of their own, with it."""
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    if isinstance(node, dict) and isinstance(node.get("$id"), str):
        base = urljoin(base, node["$id"])
        yield base, node
    for child in children:
        yield from subschemas(child, base)


class Validators:
    """The validator of a draft and a schema, with patterns as ECMA 262 has them."""

    def __init__(self):
        self.formats = jsonschema.FormatChecker(formats=())
        for name, (_, _, read) in FORMATS.items():
            self.formats.checks(name, raises=ValueError)(lambda text, read=read: not isinstance(text, str) or bool(read(text)))
        own = {"pattern": pattern_keyword, "enum": enum_keyword}
        self.classes = {"draft2020-12": validators.extend(jsonschema.Draft202012Validator, own),
                        "draft7": validators.extend(jsonschema.Draft7Validator, own)}

    def of(self, draft, schema):
        kind = self.classes[draft]
        if REFERENCES_ARE_FOUND or not isinstance(schema, dict):
            return kind(schema, format_checker=self.formats)
        resolver = jsonschema.RefResolver.from_schema(schema, id_of=kind.ID_OF, store=dict(subschemas(schema, "")))
        return kind(schema, format_checker=self.formats, resolver=resolver)


def refuse_constant(name):
    raise ValueError(f"{name} is not JSON")


def unique_members(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("two members have the same name")
    return members


def complaint(validator, answer):
    """What is wrong with the bytes of an answer, or None."""
    try:
        document = json.loads(answer.decode("utf-8"), parse_constant=refuse_constant, object_pairs_hook=unique_members)
    except ValueError as error:
        return str(error)
    error = next(validator.iter_errors(document), None)
    return error and error.message


# ---- the suite ----

def read_suite(folder):
    for draft in DRAFTS:
        for file in sorted(os.listdir(os.path.join(folder, draft))):
            with open(os.path.join(folder, draft, file), encoding="utf-8") as source:
                for group in json.load(source):
                    yield draft, f"{draft}/{file[:-5]}: {group['description']}", group


def format_groups():
    for name, (example, counterexample, _) in FORMATS.items():
        tests = [{"description": "an example", "data": example, "valid": True},
                 {"description": "a counterexample", "data": counterexample, "valid": False}]
        yield "draft2020-12", f"format {name}", {"schema": {"type": "string", "format": name}, "tests": tests}


def judged_otherwise(suite, known):
    """Names of the suite's own tests on which the validator and the suite disagree."""
    found = set()
    for draft, name, group in suite:
        for test in group["tests"]:
            try:
                is_valid = known.of(draft, group["schema"]).is_valid(test["data"])
            except TypeError:
                is_valid = None
            if is_valid != test["valid"]:
                found.add(f"{name}: {test['description']}")
    return found


class Completer:
    def __init__(self, program, model):
        self.process = subprocess.Popen([program, str(COUNT), *model], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def record(self):
        head = self.process.stdout.readline().split()
        if len(head) != 2:
            raise SystemExit(f"the program that completes schemas ended with {self.process.wait()}")
        body = self.process.stdout.read(int(head[1]) + 1)
        return head[0].decode(), body[:-1]

    def complete(self, schema):
        """The answers, or None and the message of what was refused."""
        self.process.stdin.write(json.dumps(schema).encode() + b"\n")
        self.process.stdin.flush()
        answers = []
        while len(answers) < COUNT:
            kind, body = self.record()
            if kind == "refused":
                return None, body.decode()
            answers.append(body)
        return answers, None

    def close(self):
        self.process.stdin.close()
        return self.process.wait()


def judge(name, group, validator, answers, message):
    """What is wrong, as a text, or None."""
    if message is not None:
        wanted = REFUSED.get(name) or (NO_DOCUMENT if not any(t["valid"] for t in group["tests"]) else None)
        return None if wanted and wanted in message else f"refused: {message}"
    if name in REFUSED:
        return "listed as refused, but it is not"
    for seed, answer in enumerate(answers):
        wrong = complaint(validator, answer)
        if wrong:
            return f"seed {seed}: {answer!r}: {wrong}"
    return None


def judge_model(program, model, suite, known):
    """What is wrong with the answers of one model."""
    failed, answered, different = [], 0, 0
    completer = Completer(program, model)
    for draft, name, group in suite:
        answers, message = completer.complete(group["schema"])
        wrong = judge(name, group, known.of(draft, group["schema"]), answers, message)
        if wrong:
            failed.append(f"{name}: {wrong}")
        answered += len(answers or [])
        different += len(set(answers or []))
    if completer.close() != 0:
        failed.append("the program that completes schemas failed")
    print(f"{' '.join(model) or 'random weights'}: {answered} answers, {different} different ones")
    return failed


def main():
    program, folder, models = sys.argv[1], sys.argv[2], sys.argv[3:]
    known = Validators()
    suite = [*read_suite(folder), *format_groups()]
    otherwise = judged_otherwise(suite, known)
    failed = [f"{name}: the validator judges it " + ("otherwise" if name in otherwise else "as the suite does, but is listed")
              for name in sorted(otherwise ^ set(VALIDATOR_DIFFERS))]
    for model in [[], *([path] for path in models)]:
        failed += judge_model(program, model, suite, known)
    for line in failed:
        print(line)
    print(f"{len(suite) * (1 + len(models)) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
