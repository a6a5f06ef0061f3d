#!/bin/sh
# Installs what is missing, builds `dev` (ASan, UBSan) and `release`, and runs every test: all on dev, the integration tests once more on release.
# Ends with ctest's own closing lines.
set -eu
cd "$(dirname "$0")/.."
deploy/deps.sh --test
jobs=$(nproc)
cmake --preset release >/dev/null
cmake --build build/release --parallel "$jobs"
cmake --preset dev >/dev/null
cmake --build build/dev --parallel "$jobs"
echo "== integration tests on release"
ctest --test-dir build/release --parallel "$jobs" --output-on-failure -L integration
echo "== all tests on dev"
exec ctest --test-dir build/dev --parallel "$jobs" --output-on-failure
