#!/usr/bin/env python3
"""Compiles the root-chain contracts to build/*.json; --check compares with what is there instead.

Run by the Python that requirements.txt was installed for: the compiler is pinned there, so
everybody gets the same bytes.
"""

import argparse
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SOURCES = HERE / "src"
BUILD = HERE / "build"
CONTRACTS = ("BTT", "StateSender", "Checkpoints", "RootChainManager")
TESTING = ("testing/OddToken", "testing/MuteToken", "testing/Puppet")
# No opcode is newer than Paris, so that all root chains run the same bytes.
EVM = "paris"
OPTIMIZE = "gas"


def compile_all(sources=SOURCES):
    """Returns the text of each artifact by its name."""
    names = CONTRACTS + TESTING
    command = [
        str(pathlib.Path(sys.executable).parent / "vyper"),
        *("--evm-version", EVM, "--optimize", OPTIMIZE, "-f", "combined_json", "-p", "."),
        *(f"{name}.vy" for name in names),
    ]
    run = subprocess.run(command, cwd=sources, capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"build.py: the compiler refused:\n{run.stdout}{run.stderr}")
    combined = json.loads(run.stdout)
    artifacts = {}
    for name in names:
        output = combined[f"{name}.vy"]
        artifacts[name] = (
            json.dumps(
                {
                    "contract": name,
                    "compiler": f"vyper {combined['version']}",
                    "evmVersion": EVM,
                    "optimize": OPTIMIZE,
                    "abi": output["abi"],
                    "bytecode": output["bytecode"],
                },
                indent=1,
            )
            + "\n"
        )
    return artifacts


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    check = parser.parse_args().check
    artifacts = compile_all()
    expected = {BUILD / f"{name}.json": text for name, text in artifacts.items()}
    if check:
        stray = set(BUILD.rglob("*.json")) - set(expected)
        differ = [p for p, text in expected.items() if not p.exists() or p.read_text() != text]
        for path in sorted([*stray, *differ]):
            print(
                f"build.py: {path.relative_to(HERE)} is not what the sources give", file=sys.stderr
            )
        if stray or differ:
            sys.exit("build.py: run contracts/build.py and commit the result")
        print(f"{len(expected)} contracts rebuilt, byte for byte the same")
        return
    for path, text in expected.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        print(f"{path.relative_to(HERE)}: {(len(json.loads(text)['bytecode']) - 2) // 2} bytes")


if __name__ == "__main__":
    main()
