"""Reads every golden message as the documentation of the wire says, and checks its arrays."""
import io, pathlib, sys
import cbor2, numpy as np, xxhash

for path in sorted(pathlib.Path(sys.argv[1]).glob("*.bin")):
    payload = path.read_bytes()
    items, stream = [], io.BytesIO(payload)
    while stream.tell() < len(payload):
        items.append(cbor2.load(stream))
    envelope, value = items[:2]
    arrays = {a["name"]: np.frombuffer(items[3 + 2 * i], a["element"]).reshape(a["shape"])
              for i, a in enumerate(envelope["arrays"])}
    assert path.name == f"{envelope['schema']}.v{envelope['version']}.bin", path
    assert envelope["kind"] == "message" and envelope["sequence"] == 7 and envelope["acquired_at"] == 1_000_000_007
    for (name, array), blocks in zip(arrays.items(), items[-1] if arrays else []):
        assert blocks == xxhash.xxh3_64_digest(array.tobytes())[::-1], f"{path}: {name}"
        assert payload.index(array.tobytes()) % 64 == 0 or array.size < 12, f"{path}: {name} is not aligned"
    if envelope["schema"] == "UltrasoundImage":
        assert arrays["pixels"].tolist() == np.arange(12).reshape(3, 4).tolist()
    print(path.name, sorted(value) if isinstance(value, dict) else value, {n: a.shape for n, a in arrays.items()})
