"""A development root chain: py-evm behind Ethereum's JSON-RPC, with blocks, finality,
reorganisations and faults of its endpoints on command. See ../devchain.py."""
