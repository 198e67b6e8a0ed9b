#!/usr/bin/env python3
"""Counts the lines about mTLS in the programs; fails where they are more than limits.txt allows.

A line counts if the same program without TLS would not have it. It stands between `// mtls: begin`
and `// mtls: end`, in the form that rustfmt gives it. Blank lines and comments do not count.
Imports with TLS in a name are shown beside the others and do not count.

Nothing can be hidden outside of the markers: a line there is an error if it has a name imported
from `mtls`, or calls a method that returns a configuration, a stream or a peer of it.
"""

import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = HERE / "src/bin"
BEGIN, END = "// mtls: begin", "// mtls: end"
METHODS = r"\.(live_config|config|connect_async|accept_async|connect|accept|peer|revision)\("


def imports(text):
    """The `use` items, each as one text."""
    return re.findall(r"^use [^;]+;$", text, re.MULTILINE)


def count(program):
    """The lines about mTLS, the lines of imports with TLS in a name, and the faults."""
    text = program.read_text()
    items = [item for item in imports(text) if not item.startswith("use mtls_ecosystem::")]
    of_mtls = " ".join(item for item in items if item.startswith("use mtls::"))
    names = "|".join(re.findall(r"\b[A-Z]\w+", of_mtls))
    hidden = re.compile(rf"\b({names})\b|\bmtls::|\b(client|server|stream){METHODS}")
    code = re.sub(r"^use [^;]+;$", "", text, flags=re.MULTILINE)
    inside, lines, faults = False, 0, []
    for line in map(str.strip, code.splitlines()):
        if line in (BEGIN, END):
            if inside == (line == BEGIN):
                faults.append(f"{program.name}: `{line}` where it does not belong")
            inside = line == BEGIN
        elif line and not line.startswith("//"):
            lines += inside
            if not inside and hidden.search(line):
                faults.append(f"{program.name}: outside of the markers: {line}")
    if inside:
        faults.append(f"{program.name}: `{END}` is missing")
    imported = sum(len(item.splitlines()) for item in items if "tls" in item.lower())
    return lines, imported, faults


def main():
    table = (HERE / "limits.txt").read_text().splitlines()
    rows = [line.split() for line in table if not line.startswith("#")]
    listed = {program for _, _, *programs in rows for program in programs}
    present = {program.name for program in PROGRAMS.glob("*.rs")}
    faults = [f"{program}: has no limit" for program in sorted(present - listed)]
    faults += [f"{program}: is not there" for program in sorted(listed - present)]
    if faults:
        sys.exit("\n".join(faults))
    rustfmt = ["rustfmt", "--edition", "2024", "--check", *PROGRAMS.glob("*.rs")]
    if subprocess.run(rustfmt, stdout=subprocess.DEVNULL, check=False).returncode != 0:
        sys.exit("the programs are not in the form of rustfmt: cargo fmt")
    print(f"{'library':20}{'lines':>6}{'limit':>6}{'imports':>9}")
    for library, limit, *programs in rows:
        counts = [count(PROGRAMS / program) for program in programs]
        lines, imported = sum(c[0] for c in counts), sum(c[1] for c in counts)
        faults += [fault for c in counts for fault in c[2]]
        print(f"{library:20}{lines:6}{limit:>6}{imported:9}")
        if lines == 0 or lines > int(limit):
            faults.append(f"{library}: {lines} lines about mTLS, and {limit} are allowed")
    if faults:
        sys.exit("\n".join(faults))


main()
