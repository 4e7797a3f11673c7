"""Reads a session's recording with nothing but cbor2 and lz4: `placements` counts placed images, `events` lists events in order, `times` when each event and each message was published, and when it was acquired, `structures` what each last volume of labels, surfaces and tree holds: voxels, cubic millimetres and branches by name; `devices` when faults were injected, why the probe was hidden, why the instrument had no distances, which images were placed, what was suspected of tools that the driver sees, and when devices were well and what they said otherwise; `hiding` the same faults, and of each stream of poses when each was acquired and published and whether its first tool was hidden; `unpacked` writes all bytes of the recording, chunks decompressed, to the file `unpacked` in the session's folder."""
import io, json, math, pathlib, struct, sys
from array import array
import cbor2, lz4.frame

def records(data):
    at = 0
    while at + 9 <= len(data):
        length = struct.unpack_from("<Q", data, at + 1)[0]
        if at + 9 + length > len(data):
            return  # a part that was torn by a kill
        yield data[at], data[at + 9 : at + 9 + length]
        at += 9 + length

def text(data, at):
    length = struct.unpack_from("<I", data, at)[0]
    return data[at + 4 : at + 4 + length].decode(), at + 4 + length

def unpacked(folder):
    """Kind and bytes of each record, those in chunks included, which are decompressed."""
    for path in sorted(pathlib.Path(folder).glob("procedure*.mcap")):
        for op, body in records(path.read_bytes()[8:]):
            if op != 6:  # no chunk
                yield op, body
                continue
            compression, at = text(body, 28)
            size = struct.unpack_from("<Q", body, at)[0]
            chunk = body[at + 8 : at + 8 + size]
            yield from records(lz4.frame.decompress(chunk) if compression == "lz4" else chunk)

def messages(folder, schemas=()):
    """Envelope and value of each message, blanks left out; the arrays of those of `schemas` are under `arrays`."""
    for op, body in unpacked(folder):
        if op == 5:  # a message
            stream = io.BytesIO(body[22:])
            envelope = cbor2.load(stream)
            if envelope["kind"] == "message":
                value = cbor2.load(stream)
                if envelope["schema"] in schemas:
                    # Before each array lies what aligns it.
                    items = [cbor2.load(stream) for _ in range(2 * len(envelope["arrays"]))]
                    value["arrays"] = {a["name"]: items[2 * i + 1] for i, a in enumerate(envelope["arrays"])}
                yield envelope, value

def voxels(value):
    """Voxels of each structure, and cubic millimetres of one."""
    x, y, z = [[row[i] for row in value["frame_from_voxel"]] for i in range(3)]
    cross = [y[(i + 1) % 3] * z[(i + 2) % 3] - y[(i + 2) % 3] * z[(i + 1) % 3] for i in range(3)]
    one = abs(sum(a * b for a, b in zip(x, cross)))
    labels = value["arrays"]["labels"]
    return {s["name"]: {"kind": s["kind"], "mm3": one * labels.count(bytes([i + 1]))} for i, s in enumerate(value["structures"])}

def enclosed(value):
    """Triangles of each structure, and cubic millimetres that they enclose."""
    places, corners = array("f", value["arrays"]["positions_mm"]), array("i", value["arrays"]["corners"])
    found, first, at = {}, 0, 0
    for s in value["structures"]:
        six = 0.0
        for t in range(at, at + s["triangles"]):
            (ax, ay, az), (bx, by, bz), (cx, cy, cz) = (places[3 * (first + c) : 3 * (first + c) + 3] for c in corners[3 * t : 3 * t + 3])
            six += ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx)
        found[s["structure"]["name"]] = {"kind": s["structure"]["kind"], "mm3": six / 6, "triangles": s["triangles"], "error_mm": s["error_mm"]}
        first, at = first + s["vertices"], at + s["triangles"]
    return found

def traced(value):
    """Branches and millimetres of centreline of each structure."""
    places, paths = array("f", value["arrays"]["positions_mm"]), array("i", value["arrays"]["paths"])
    found = {s["name"]: {"kind": s["kind"], "branches": 0, "mm": 0.0} for s in value["structures"]}
    at = 0
    for length, owner in zip(array("i", value["arrays"]["path_lengths"]), array("h", value["arrays"]["structure"])):
        path = [places[3 * node : 3 * node + 3] for node in paths[at : at + length]]
        entry = found[value["structures"][owner]["name"]]
        entry["branches"] += 1
        entry["mm"] += sum(math.dist(a, b) for a, b in zip(path, path[1:]))
        at += length
    return found

what, folder = sys.argv[1:]
if what == "placements":
    counts = {"placed": 0, "unplaced": 0}
    for envelope, value in messages(folder):
        if envelope["stream"] == "locate.located":
            counts["placed" if "placed" in value["placement"] else "unplaced"] += 1
    print(json.dumps(counts))
elif what == "times":
    events, published, acquired = [], {}, {}
    for envelope, value in messages(folder):
        if envelope["schema"] == "Event":
            name, port = (value["kind"], None) if isinstance(value["kind"], str) else next((kind, details.get("port")) for kind, details in value["kind"].items())
            events.append([envelope["published_at"], value["node"], name, port])
        published.setdefault(envelope["stream"], []).append(envelope["published_at"])
        acquired.setdefault(envelope["stream"], []).append(envelope["acquired_at"])
    print(json.dumps({"events": sorted(events, key=lambda event: event[0]), "published": published, "acquired": acquired}))
elif what == "devices":
    rows = {"injected": [], "probe": [], "instrument": [], "images": [], "ultrasound": [], "health": [], "cone_beam": [], "suspicions": []}
    known = set()
    for envelope, value in messages(folder):
        at, stream = envelope["acquired_at"] / 1e9, envelope["stream"]
        if envelope["schema"] == "InjectedFault":
            rows["injected"].append([at, value["fault"], value["phase"]])
        elif stream == "driver.poses":
            known.update(tool["pose"]["hidden"]["reason"] for tool in value["tools"] if "hidden" in tool["pose"])
        elif stream == "tracker.poses":
            rows["suspicions"] += [[at, tool["pose"]["hidden"]["reason"]] for tool in value["tools"] if "hidden" in tool["pose"]]
            pose = next(tool["pose"] for tool in value["tools"] if tool["name"] == "probe")
            rows["probe"].append([at, pose["hidden"]["reason"] if "hidden" in pose else None])
        elif stream == "locate.located":
            rows["images"].append([at, "placed" in value["placement"]])
        elif stream == "navigate.distances":
            tool = next(tool for tool in value["tools"] if tool["name"] == "instrument")
            blank = value["guidance"]["blank"] if "blank" in value["guidance"] else tool["place"].get("hidden")
            rows["instrument"].append([at, blank["reason"] if blank else None])
        elif stream == "cone_beam.image":
            rows["cone_beam"].append([at, math.prod(value["size"])])
        elif envelope["schema"] == "Health":
            said = value["degraded"]["reason"] if "degraded" in value else None
            rows["health"].append([at, said, stream])
            if stream == "ultrasound.health":
                rows["ultrasound"].append([at, said])
    rows["suspicions"] = [row for row in rows["suspicions"] if row[1] not in known]
    print(json.dumps({key: sorted(of, key=lambda row: row[0]) for key, of in rows.items()}))
elif what == "hiding":
    injected, poses = [], {}
    for envelope, value in messages(folder):
        if envelope["schema"] == "InjectedFault":
            injected.append([envelope["acquired_at"], value["phase"], envelope["stream"]])
        elif envelope["schema"] == "ToolPoses":
            row = [envelope["acquired_at"], envelope["published_at"], "hidden" in value["tools"][0]["pose"]]
            poses.setdefault(envelope["stream"], []).append(row)
    print(json.dumps({"injected": sorted(injected), "poses": {stream: sorted(rows, key=lambda row: row[1]) for stream, rows in poses.items()}}))
elif what == "unpacked":
    data = b"".join(body for _, body in unpacked(folder))
    pathlib.Path(folder, "unpacked").write_bytes(data)
    print(json.dumps({"bytes": len(data)}))
elif what == "structures":
    readers = {"LabelVolume": voxels, "Surfaces": enclosed, "VesselTree": traced}
    print(json.dumps({e["stream"]: readers[e["schema"]](v) for e, v in messages(folder, readers) if e["schema"] in readers}))
else:
    events = [(envelope["published_at"], value["node"], value["kind"]) for envelope, value in messages(folder) if envelope["schema"] == "Event"]
    events.sort(key=lambda event: event[0])
    print(json.dumps([[node, kind if isinstance(kind, str) else next(iter(kind))] for _, node, kind in events]))
