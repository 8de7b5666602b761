# SPDX-License-Identifier: MIT
"""A small reader of what PowerShell would make of our lines, by the rules of its language
specification (2.3.5.2) and its tokenizer: five characters are a single quote, two of them in a row
within a literal are one, and a pipe into Invoke-Expression hands over each line alone. It knows
nothing but the forms that we write, and refuses all else."""
import base64
import re

QUOTES = "'\u2018\u2019\u201a\u201b"
TARGET = re.compile(r"\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}=")
DECODE = "[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String("


def literal(text):
    """The literal at the start of the text, and what follows it."""
    assert text[:1] in QUOTES and text, f"no literal: {text[:20]!r}"
    out, at = "", 1
    while True:
        assert at < len(text), "a literal without an end"
        if text[at] not in QUOTES:
            out += text[at]
            at += 1
        elif text[at + 1:at + 2] and text[at + 1] in QUOTES:
            out += text[at]
            at += 2
        else:
            return out, text[at + 1:]


def statement(line, environment):
    target = TARGET.match(line)
    assert target, f"no assignment: {line[:40]!r}"
    name, rest = target[1], line[target.end():]
    if rest == "$null":
        environment.pop(name, None)
        return
    if rest.startswith(DECODE):
        text, rest = literal(rest[len(DECODE):])
        assert rest == "))", "more than one statement on a line"
        environment[name] = base64.b64decode(text, validate=True).decode("utf-8")
        return
    environment[name], rest = literal(rest)
    assert rest == "", "more than one statement on a line"


def evaluated(output, environment=None):
    """The environment after `… | Invoke-Expression`, whatever the code page of the pipe is."""
    environment = dict(environment or {})
    lines = output.decode("ascii").split("\n")
    assert lines.pop() == "", "the last line has an end"
    for line in lines:
        assert line.strip(), "Invoke-Expression fails on an empty line"
        statement(line, environment)
    return environment
