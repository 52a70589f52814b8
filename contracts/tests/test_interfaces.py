"""The Solidity interfaces are the contracts' ABI: names, types, mutability, indexed parameters."""

import pathlib
import re

import pytest

import deploy

INTERFACES = pathlib.Path(deploy.__file__).parent / "interfaces"


def of_solidity(text):
    text = re.sub(r"///[^\n]*", "", text)
    structs = {}
    for name, body in re.findall(r"struct (\w+) \{([^}]*)\}", text):
        structs[name] = [f.split()[0] for f in body.split(";") if f.strip()]

    def kind(name):
        return f"({','.join(map(kind, structs[name]))})" if name in structs else name

    def types(parameters):
        return ",".join(kind(p.split()[0]) for p in parameters.split(",") if p.strip())

    found = set()
    pattern = r"function (\w+)\(([^)]*)\)\s*external( view| payable)?(?:\s*returns \(([^)]*)\))?;"
    for name, inputs, mutability, outputs in re.findall(pattern, text):
        mutability = mutability.strip() or "nonpayable"
        found.add(("function", f"{name}({types(inputs)})", mutability, types(outputs)))
    for name, inputs in re.findall(r"event (\w+)\(([^)]*)\);", text):
        indexed = tuple("indexed" in p for p in inputs.split(",") if p.strip())
        found.add(("event", f"{name}({types(inputs)})", indexed))
    return found


def of_abi(entries):
    def kind(p):
        if p["type"].startswith("tuple"):
            return f"({','.join(map(kind, p['components']))})"
        return p["type"]

    def types(parameters):
        return ",".join(map(kind, parameters))

    found = set()
    for e in entries:
        if e["type"] == "function":
            signature = f"{e['name']}({types(e['inputs'])})"
            found.add(("function", signature, e["stateMutability"], types(e["outputs"])))
        elif e["type"] == "event":
            indexed = tuple(p["indexed"] for p in e["inputs"])
            found.add(("event", f"{e['name']}({types(e['inputs'])})", indexed))
    return found


@pytest.mark.parametrize("name", ["StateSender", "Checkpoints", "RootChainManager"])
def test_the_interface_is_the_abi(name):
    written = of_solidity((INTERFACES / f"I{name}.sol").read_text())
    built = of_abi(deploy.artifact(name)["abi"])
    assert written == built
