#!/usr/bin/env bash
# Builds and runs the benchmarks; Sources/bench/Bench.swift tells by which variables to choose.
set -euo pipefail
cd "$(dirname "$0")"
swift build -c release --product bench
exec .build/release/bench
