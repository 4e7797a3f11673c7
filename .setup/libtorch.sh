#!/usr/bin/env bash
# Lays out .vesalius/libtorch for tch 0.24 (PyTorch 2.11.0): from an installed python torch of that
# version if there is one (a machine with a GPU), else the CPU part of the PyPI wheel.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
version=2.11.0
target=.vesalius/libtorch
python=${PYTHON:-python3}
if [ "$(cat $target/build-version 2>/dev/null)" = "$version" ] && [ -e $target/lib/libtorch_cpu.so ]; then
  exit 0
fi
rm -rf "$target"
mkdir -p "$target/lib"
site=$($python - "$version" <<'P'
import importlib.util, pathlib, sys
spec = importlib.util.find_spec("torch")
if spec and spec.submodule_search_locations:
    path, names = pathlib.Path(spec.submodule_search_locations[0]), {}
    exec((path / "version.py").read_text(), names)
    if str(names["__version__"]).split("+")[0] == sys.argv[1] and (path / "include/torch").is_dir():
        print(path)
P
)
if [ -n "$site" ]; then
  echo "vesalius: using the PyTorch $version that is installed" >&2
  ln -s "$site/include" "$target/include"
  for file in "$site"/lib/*.so*; do
    case ${file##*/} in
      libtorch.so | libtorch_cuda.so | libtorch_python.so) ;;
      *) ln -s "$file" "$target/lib/" ;;
    esac
  done
  for file in "$site"/../nvidia/cu1*/lib/libcudart.so.* "$site"/../nvidia/cu1*/lib/libcupti.so.*; do
    [ ! -e "$file" ] || ln -s "$(realpath "$file")" "$target/lib/"
  done
  [ ! -e "$site/lib/libtorch_cuda.so" ] || ln -s "$site/lib" "$target/cuda"
else
  echo "vesalius: downloading libtorch $version (530 MB, the CPU part of it is kept)" >&2
  wheels=$(mktemp -d)
  trap 'rm -rf "$wheels"' EXIT
  platform=(--only-binary=:all: --python-version 3.11 --platform manylinux_2_28_x86_64 --platform manylinux_2_25_x86_64
    --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64)
  progress=()
  [ -t 2 ] || progress=(-q)
  $python -m pip download "${progress[@]}" --no-deps "${platform[@]}" -d "$wheels" "torch==$version" >&2
  $python -m pip download -q "${platform[@]}" -d "$wheels" 'cuda-toolkit[cudart,cupti]==13.0.2' >&2
  $python - "$wheels" "$target" <<'P'
import glob, pathlib, shutil, sys, zipfile
wheels, target = sys.argv[1], pathlib.Path(sys.argv[2])
libraries = {"torch/lib/libc10.so", "torch/lib/libtorch_cpu.so", "torch/lib/libgomp.so.1",
             "nvidia/cu13/lib/libcudart.so.13", "nvidia/cu13/lib/libcupti.so.13"}
for wheel in glob.glob(wheels + "/*.whl"):
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name in libraries:
                out = target / "lib" / pathlib.Path(name).name
            elif name.startswith("torch/include/") and not name.endswith("/"):
                out = target / "include" / name[len("torch/include/"):]
            else:
                continue
            out.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(name) as source, open(out, "wb") as file:
                shutil.copyfileobj(source, file, 1 << 20)
P
fi
# torch-sys links -ltorch; the wheel's own libtorch.so needs libtorch_cuda.so, this one does not.
echo 'INPUT(-ltorch_cpu -lc10)' > "$target/lib/libtorch.so"
echo "$version" > "$target/build-version"
