"""Counts placed and unplaced images in a recording: reads MCAP records and wire messages with nothing but cbor2 and lz4."""
import io, json, struct, sys
import cbor2, lz4.frame

def records(data):
    at = 0
    while at + 9 <= len(data):
        length = struct.unpack_from("<Q", data, at + 1)[0]
        yield data[at], data[at + 9 : at + 9 + length]
        at += 9 + length

def text(data, at):
    length = struct.unpack_from("<I", data, at)[0]
    return data[at + 4 : at + 4 + length].decode(), at + 4 + length

counts = {"placed": 0, "unplaced": 0}
data = open(sys.argv[1], "rb").read()
for op, body in records(data[8:]):
    if op != 6:  # chunk
        continue
    compression, at = text(body, 28)
    size = struct.unpack_from("<Q", body, at)[0]
    chunk = body[at + 8 : at + 8 + size]
    chunk = lz4.frame.decompress(chunk) if compression == "lz4" else chunk
    for op, body in records(chunk):
        if op != 5:  # message
            continue
        stream = io.BytesIO(body[22:])
        envelope = cbor2.load(stream)
        if envelope["stream"] == "locate.located" and envelope["kind"] == "message":
            placement = cbor2.load(stream)["placement"]
            counts["placed" if "placed" in placement else "unplaced"] += 1
print(json.dumps(counts))
