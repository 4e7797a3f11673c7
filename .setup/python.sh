#!/usr/bin/env bash
# Makes .vesalius/python, the environment of the Python tests and examples, from the locked list.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
list=tests/python/requirements.txt
target=.vesalius/python
if cmp -s "$list" "$target/requirements.txt" 2>/dev/null; then
  exit 0
fi
echo "vesalius: making the Python environment of the tests ($(grep -c == $list) packages)" >&2
rm -rf "$target"
python3 -m venv "$target"
"$target/bin/pip" install -q --disable-pip-version-check --only-binary=:all: -r "$list" >&2
cp "$list" "$target/requirements.txt"
