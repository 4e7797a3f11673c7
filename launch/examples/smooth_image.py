#!/usr/bin/env python3
"""A node in Python: averages each ultrasound image over some rows (runs = "../examples/smooth_image.py:smooth")."""
import io, json, os, sys, threading, time
import cbor2, numpy as np, xxhash, zenoh

IMAGE = {"message": "UltrasoundImage", "version": 1, "frames": ["image"]}
if sys.argv[1] == "describe":
    parameters = {"type": "object", "properties": {"rows": {"type": "integer", "minimum": 1, "default": 3}}}
    smooth = {"name": "smooth", "kind": "node", "help": "averages each image over some rows", "inputs": {"image": IMAGE},
              "outputs": {"image": IMAGE}, "parameters": parameters}
    print(json.dumps({"executable": "smooth_image.py", "version": "0.1.0", "tools": [], "participants": [smooth]}))
    sys.exit()

assignment = json.load(open(os.environ["VESALIUS_ASSIGNMENT"]))
session, node, clock = assignment["session"], assignment["node"], assignment["clock"]
root, rows, count = f"vesalius/{session}", assignment["parameters"].get("rows", 3), {}
bus = zenoh.open(zenoh.Config.from_json5(json.dumps(assignment["zenoh"])))
start, over, leave, heard = (threading.Event() for _ in range(4))

def now():  # on the session clock
    return clock["epoch_unix_ns"] + time.clock_gettime_ns(time.CLOCK_MONOTONIC) - clock["epoch_monotonic_ns"]

def publish(key, port, schema, kind, value=None, acquired_at=None, pixels=None):
    arrays = [] if pixels is None else [{"name": "pixels", "element": "uint8", "shape": list(pixels.shape)}]
    at = now()
    message = cbor2.dumps({
        "session": session, "stream": f"{node}.{port}", "incarnation": assignment["incarnation"], "kind": kind, "schema": schema,
        "version": 1, "frames": ["image"] if arrays else [], "sequence": count.get(port, 0), "acquired_at": acquired_at or at,
        "published_at": at, "validity": "valid", "arrays": arrays}) + cbor2.dumps(value)
    if arrays:  # the array starts at a multiple of 64 bytes and its checksum follows
        data, padding = pixels.tobytes(), -(len(message) + 11) % 64
        message += bytes([0x58, padding]) + bytes(padding) + b"\x5b" + len(data).to_bytes(8, "big") + data
        message += b"\x9b" + (1).to_bytes(8, "big") + b"\x5b" + (8).to_bytes(8, "big") + xxhash.xxh3_64_digest(data)[::-1]
    count[port] = count.get(port, 0) + (kind == "message")
    bus.put(f"{root}/{key}", message)

def publish_all(kind):
    publish(f"stream/{node}/image", "image", "UltrasoundImage", kind)
    publish(f"health/{node}", "health", "Health", kind), publish(f"journal/{node}", "journal", "JournalEntry", kind)

def on_image(sample):
    heard.set()
    payload = sample.payload.to_bytes()
    stream, items = io.BytesIO(payload), []
    while stream.tell() < len(payload):
        items.append(cbor2.load(stream))
    envelope, value = items[:2]
    if envelope["kind"] == "end":
        return over.set()
    if envelope["kind"] != "message":
        return
    pixels = np.frombuffer(items[3], np.uint8).reshape(envelope["arrays"][0]["shape"])
    smooth = sum(np.roll(pixels, shift, axis=0).astype(np.uint32) for shift in range(rows)) // rows
    taken = {"port": "image", "incarnation": envelope["incarnation"], "sequence": envelope["sequence"]}
    publish(f"journal/{node}", "journal", "JournalEntry", "message", {"taken_at": now(), "taken": {"input": taken}})
    publish(f"stream/{node}/image", "image", "UltrasoundImage", "message", value, envelope["acquired_at"], smooth.astype(np.uint8))

def on_control(sample):
    order = json.loads(sample.payload.to_bytes())
    (leave if order == "exit" else start if "start" in order else threading.Event()).set()

ears = bus.declare_subscriber(assignment["inputs"]["image"]["key"], on_image), bus.declare_subscriber(f"{root}/control", on_control)
tokens = [bus.liveliness().declare_token(f"{root}/alive/ready/{node}/{assignment['incarnation']}")]
while not leave.wait(0.02 if not start.is_set() else 0.25):
    if not start.is_set():
        publish_all("mark")  # hello: until everybody has heard everybody
        if heard.is_set() and len(tokens) < 2:
            tokens.append(bus.liveliness().declare_token(f"{root}/alive/linked/{node}/{assignment['incarnation']}"))
    if over.is_set() and "ended" not in count:
        publish_all("end"), count.update(ended=1)
    publish(f"status/{node}", "status", "NodeStatus", "message", {"ended": "ended" in count})
bus.close()
