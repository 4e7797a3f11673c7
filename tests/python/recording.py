"""Reads a session's recording with nothing but cbor2 and lz4: `placements` counts placed images, `events` lists events in order, `times` when each event and each message was published."""
import io, json, pathlib, struct, sys
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

def messages(folder):
    """Envelope and value of each message, blanks left out."""
    for path in sorted(pathlib.Path(folder).glob("procedure*.mcap")):
        for op, body in records(path.read_bytes()[8:]):
            if op != 6:  # a chunk
                continue
            compression, at = text(body, 28)
            size = struct.unpack_from("<Q", body, at)[0]
            chunk = body[at + 8 : at + 8 + size]
            chunk = lz4.frame.decompress(chunk) if compression == "lz4" else chunk
            for op, body in records(chunk):
                if op == 5:  # a message
                    stream = io.BytesIO(body[22:])
                    envelope = cbor2.load(stream)
                    if envelope["kind"] == "message":
                        yield envelope, cbor2.load(stream)

what, folder = sys.argv[1:]
if what == "placements":
    counts = {"placed": 0, "unplaced": 0}
    for envelope, value in messages(folder):
        if envelope["stream"] == "locate.located":
            counts["placed" if "placed" in value["placement"] else "unplaced"] += 1
    print(json.dumps(counts))
elif what == "times":
    events, published = [], {}
    for envelope, value in messages(folder):
        if envelope["schema"] == "Event":
            name, port = (value["kind"], None) if isinstance(value["kind"], str) else next((kind, details.get("port")) for kind, details in value["kind"].items())
            events.append([envelope["published_at"], value["node"], name, port])
        published.setdefault(envelope["stream"], []).append(envelope["published_at"])
    print(json.dumps({"events": sorted(events, key=lambda event: event[0]), "published": published}))
else:
    events = [(envelope["published_at"], value["node"], value["kind"]) for envelope, value in messages(folder) if envelope["schema"] == "Event"]
    events.sort(key=lambda event: event[0])
    print(json.dumps([[node, kind if isinstance(kind, str) else next(iter(kind))] for _, node, kind in events]))
