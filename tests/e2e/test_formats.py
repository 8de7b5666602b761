# SPDX-License-Identifier: MIT
"""Files of variables: what is exported, readers that are not ours read back byte for byte; what they wrote is imported."""
import base64
import csv
import io
import json
import os
import random
import shutil
import stat
import subprocess
import tomllib

import pytest

from harness import PATIENCE, cli_program
from test_main_job import HOSTILE

VALUES = {f"F_{key}": value for key, value in HOSTILE.items()}


def is_utf8(value):
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


TEXTS = {key: value for key, value in VALUES.items() if is_utf8(value)}


@pytest.fixture(scope="module")
def machine(shared_playground):
    node = shared_playground.node("formats")
    node.ok("init", "--name", "formats", "--password-file", str(node.password_file))
    for key, value in VALUES.items():
        node.set(key, value)
    return node


def exported(machine, fmt, keys, *more):
    only = [word for key in keys for word in ("--only", key)]
    return machine.ok("export", "--format", fmt, *only, *more)


def read_json(text):
    return json.loads(text)


def read_toml(text):
    return tomllib.loads(text.decode())


def read_yaml(text):
    return pytest.importorskip("yaml", reason="python3-yaml is not installed").safe_load(text)


def read_csv(text):
    rows = list(csv.reader(io.StringIO(text.decode(), newline=""), strict=True))
    assert rows[0] == ["key", "value"]
    return dict(rows[1:])


def read_github(text):
    """As the runner does: NAME<<DELIMITER, lines, DELIMITER."""
    lines, values = text.decode().split("\n"), {}
    assert lines.pop() == ""
    while lines:
        key, end = lines.pop(0).split("<<", 1)
        value = []
        while (line := lines.pop(0)) != end:
            value.append(line)
        values[key] = "\n".join(value)
    return values


@pytest.mark.parametrize("fmt,read", [("json", read_json), ("toml", read_toml), ("yaml", read_yaml), ("csv", read_csv),
                                      ("github", read_github)])
def test_readers_of_text_read_back_what_was_set(machine, fmt, read):
    values = {key: value.decode() for key, value in TEXTS.items()}
    assert read(exported(machine, fmt, TEXTS)) == values


def test_a_kubernetes_secret_holds_any_bytes(machine):
    yaml = pytest.importorskip("yaml", reason="python3-yaml is not installed")
    secret = yaml.safe_load(exported(machine, "k8s", VALUES))
    assert (secret["apiVersion"], secret["kind"], secret["type"]) == ("v1", "Secret", "Opaque")
    assert {key: base64.b64decode(value, validate=True) for key, value in secret["data"].items()} == VALUES


def test_a_shell_reads_the_quotes_of_systemd(machine, tmp_path):
    (tmp_path / "file").write_bytes(exported(machine, "systemd", TEXTS))
    done = subprocess.run(["bash", "--norc", "-c", "set -a; . ./file; exec env -0"], cwd=tmp_path, capture_output=True,
                          timeout=PATIENCE, env={"PATH": "/usr/bin:/bin"})
    seen = dict(item.split(b"=", 1) for item in done.stdout.split(b"\0") if item)
    assert {key: seen[key.encode()] for key in TEXTS} == TEXTS
    assert os.listdir(tmp_path) == ["file"], "a value ran as a command"


def test_non_utf8_roundtrip(machine, tmp_path):
    file = tmp_path / "vars.nul"
    exported(machine, "nul", VALUES, "-o", str(file))
    assert dict(item.split(b"=", 1) for item in file.read_bytes().split(b"\0") if item) == {
        key.encode(): value for key, value in VALUES.items()}
    counts = machine.ok("import", str(file), "--format", "nul", "--prefix", "COPY_")
    assert counts.startswith(b"added %d," % len(VALUES))
    for key, value in VALUES.items():
        assert machine.get("COPY_" + key) == value, key
    listed = machine.ok("list", "--values", "--json")
    unchanged = machine.ok("import", "-", "--format", "json", "--filter", "COPY_*", "--dry-run", stdin=listed)
    assert unchanged.endswith(b"unchanged %d, skipped 0\n" % len(VALUES)), unchanged
    machine.ok("delete", *("COPY_" + key for key in VALUES))


def test_crlf_import(machine, tmp_path):
    for name, text in (("a.env", b"\xef\xbb\xbfCR_A=one\r\nexport CR_B='two\r\nlines'\r\n"),
                       ("a.json", b'\xef\xbb\xbf{\r\n"CR_A": "one",\r\n"CR_B": "two\\nlines"\r\n}\r\n'),
                       ("a.yaml", b'\xef\xbb\xbfCR_A: one\r\nCR_B: |-\r\n  two\r\n  lines\r\n'),
                       ("a.toml", b'\xef\xbb\xbfCR_A = "one"\r\nCR_B = "two\\nlines"\r\n')):
        (tmp_path / name).write_bytes(text)
        machine.ok("import", str(tmp_path / name))
        assert (machine.get("CR_A"), machine.get("CR_B")) == (b"one", b"two\nlines"), name
        machine.ok("delete", "CR_A", "CR_B")


def test_docker_newline_refused(machine, tmp_path):
    file = tmp_path / "docker.env"
    done = machine.cli("export", "--format", "docker", "--only", "F_E*Y", "--only", "F_PEM", "-o", str(file))
    assert done.returncode == 65 and b"F_PEM" in done.stderr and b"BEGIN" not in done.stderr
    assert done.stdout == b"" and not file.exists()
    keys = [key for key, value in TEXTS.items() if b"\n" not in value and len(value) < 65_000]  # a line of docker's
    lines = exported(machine, "docker", keys).split(b"\n")
    assert dict(line.split(b"=", 1) for line in lines if line) == {key.encode(): TEXTS[key] for key in keys}


def test_output_file_mode_0600(machine, tmp_path):
    file = tmp_path / "vars.json"
    file.write_text("before")
    file.chmod(0o644)
    for name in ("vars.json", "new.json"):
        done = subprocess.run([cli_program(), "export", "--format", "json", "--only", "F_PEM", "-o", name], umask=0,
                              cwd=tmp_path, env=machine.environment(), capture_output=True, timeout=PATIENCE)
        assert (done.returncode, done.stdout) == (0, b"")
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
        assert json.loads((tmp_path / name).read_bytes()) == {"F_PEM": VALUES["F_PEM"].decode()}
    assert sorted(os.listdir(tmp_path)) == ["new.json", "vars.json"], "nothing is left beside it"


def test_a_file_with_a_fault_changes_nothing(machine, tmp_path):
    before = machine.ok("list", "--json")
    for name, text, exit_code in (("a.env", "GOOD=1\nBAD.NAME=S3cret\n", 65), ("b.json", '{"A":{"B":"S3cret"}}', 65),
                                  ("c.yaml", 'A: "S3cret\n', 65), ("d.toml", "A = S3cret\n", 65),
                                  ("e.env", "NEW=1\nF_PEM=S3cret\n", 8)):
        (tmp_path / name).write_text(text)
        done = machine.cli("import", str(tmp_path / name))
        assert done.returncode == exit_code and done.stdout == b"", (name, done.stderr)
        assert b"S3cret" not in done.stderr and b"fix" in done.stderr
    assert machine.ok("list", "--json") == before


def test_reserved_names_are_left_out(machine):
    told = json.loads(machine.ok("import", "-", "--format", "dotenv", "--json", stdin="LD_PRELOAD=x\nR_OK=1\nPS1=y\n"))
    assert (told["added"], told["skipped"]) == (["R_OK"], ["LD_PRELOAD", "PS1"])
    assert machine.get("LD_PRELOAD") is None
    machine.ok("delete", "R_OK")


def test_many_variables_go_in_parts(machine):
    many = {f"MANY_{number}": f"value {number}" for number in range(1200)}
    assert machine.ok("import", "-", "--format", "json", stdin=json.dumps(many)).startswith(b"added 1200,")
    assert read_json(machine.ok("export", "--format", "json", "--only", "MANY_*")) == many
    machine.ok("delete", *many)


def test_the_environment_of_a_process_can_be_imported(machine):
    done = machine.cli("import", "--format", "env", "--filter", "OWN_*", OWN_LINES="a\nb=c", OWN_EMPTY="")
    assert done.returncode == 0, done.stderr
    assert (machine.get("OWN_LINES"), machine.get("OWN_EMPTY")) == (b"a\nb=c", b"")
    machine.ok("delete", "OWN_LINES", "OWN_EMPTY")


# The package that dotenv files are made for.
PARSE = ("const {parse} = require(process.env.ENVMESH_DOTENV || 'dotenv');"
         "const texts = JSON.parse(require('fs').readFileSync(0));"
         "console.log(JSON.stringify(texts.map(text => parse(text))))")
PIECES = ["'", '"', "`", "\\'", '\\"', "\\n", "\\", "\n", "\r\n", "\r", "#", " ", "\t", "=", ": ", "export ", "A", "B=", "C=",
          "D='", 'E="', "F=`", "\u00a0", "\u2028", "\ufeff", "\u200b", "\u00e9", "\nG=", "'\n", ' #c\n']


def dotenv_parse(texts):
    if not shutil.which("node"):
        pytest.skip("node is not installed")
    done = subprocess.run(["node", "-e", PARSE], input=json.dumps(texts).encode(), capture_output=True, timeout=PATIENCE)
    if b"Cannot find module" in done.stderr:
        pytest.skip("the npm package dotenv is not installed: ENVMESH_DOTENV may name its folder")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_npm_package_reads_our_dotenv(machine):
    assert dotenv_parse([exported(machine, "dotenv", TEXTS).decode()]) == [
        {key: value.decode() for key, value in TEXTS.items()}]


def test_our_dotenv_reader_reads_as_the_npm_package_does(machine):
    chance = random.Random(1)
    texts = ["A=" + "".join(chance.choices(PIECES, k=chance.randrange(1, 20))) for _ in range(300)]
    wanted = dotenv_parse(texts)
    for number, text in enumerate(texts):
        machine.ok("import", "-", "--format", "dotenv", "--skip-invalid", "--scope", f"profile/n{number}", stdin=text)
    seen = [{} for _ in texts]
    for variable in json.loads(machine.ok("list", "--values", "--json")):
        if variable["profile"]:
            seen[int(variable["profile"][1:])][variable["key"]] = variable["value"]
    for text, ours, theirs in zip(texts, seen, wanted):
        assert ours == {key: value for key, value in theirs.items() if key.isidentifier()}, text
