"""contracts/README.md names the methods and faults that there are."""

import pathlib
import re

import deploy
from rootchain.faults import KINDS
from rootchain.rpc import Endpoint

README = (pathlib.Path(deploy.__file__).parent / "README.md").read_text()


def test_every_method_that_steers_the_chain_is_told():
    told = re.findall(r"^\| `(dev_\w+)` \|", README, re.M)
    assert sorted(told) == sorted(n for n in vars(Endpoint) if n.startswith("dev_"))


def test_every_fault_is_told():
    table = README[README.index("| fault | the endpoint |") :]
    cells = re.findall(r"^\| ([^|]*`[^|]*) \|", table, re.M)
    assert sorted(k for cell in cells for k in re.findall(r"`(\w+)`", cell)) == sorted(KINDS)
