#!/usr/bin/env bash
# Makes .vesalius/peers, the environment of the programs that the long tests compare with.
# A peer that does not install is reported by the test that wanted it, never left out.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
list=tests/peers/requirements.txt
target=.vesalius/peers
if cmp -s "$list" "$target/requirements.txt" 2>/dev/null; then
  exit 0
fi
echo "vesalius: making the environment of the peers: PyTorch and its libraries, about 3 GB" >&2
[ -x "$target/bin/pip" ] || python3 -m venv "$target"
if "$target/bin/pip" install -q --disable-pip-version-check --only-binary=:all: -r "$list" >&2; then
  cp "$list" "$target/requirements.txt"
else
  echo "vesalius: the peers could not be installed; their rows will say so" >&2
fi
