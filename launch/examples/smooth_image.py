#!/usr/bin/env python3
"""A node in Python: averages each ultrasound image over some rows (runs = "../examples/smooth_image.py:smooth")."""
import io, json, os, sys, threading, time
import cbor2, numpy as np, xxhash, zenoh

if sys.argv[1] == "describe":
    image = {"image": {"message": "UltrasoundImage", "version": 1, "frames": ["image"]}}
    rows = {"type": "object", "properties": {"rows": {"type": "integer", "minimum": 1, "default": 3}}}
    smooth = {"name": "smooth", "kind": "node", "help": "averages each image over some rows", "inputs": image, "outputs": image, "parameters": rows}
    sys.exit(print(json.dumps({"executable": "smooth_image.py", "version": "0.1.0", "tools": [], "participants": [smooth]})))

me = json.load(open(os.environ["VESALIUS_ASSIGNMENT"]))
node, root, rows, count = me["node"], f"vesalius/{me['session']}", me["parameters"].get("rows", 3), {}
bus = zenoh.open(zenoh.Config.from_json5(json.dumps(me["zenoh"])))
start, over, leave, heard = (threading.Event() for _ in range(4))

def now():  # on the session clock
    return me["clock"]["epoch_unix_ns"] + time.clock_gettime_ns(time.CLOCK_MONOTONIC) - me["clock"]["epoch_monotonic_ns"]

def publish(key, port, schema, kind, value=None, acquired_at=None, pixels=None):
    arrays = [] if pixels is None else [{"name": "pixels", "element": "uint8", "shape": list(pixels.shape)}]
    message = cbor2.dumps({"session": me["session"], "stream": f"{node}.{port}", "incarnation": me["incarnation"], "kind": kind, "schema": schema,
        "version": 1, "frames": ["image"] if port == "image" else [], "sequence": count.get(port, 0), "arrays": arrays,
        "acquired_at": acquired_at or now(), "published_at": now(), "validity": "valid"}) + cbor2.dumps(value)
    if arrays:  # the array starts at a multiple of 64 bytes; the checksum of its (one) MiB follows
        data, padding = pixels.tobytes(), -(len(message) + 11) % 64
        message += bytes([0x58, padding]) + bytes(padding) + b"\x5b" + len(data).to_bytes(8, "big") + data
        message += b"\x9b" + (1).to_bytes(8, "big") + b"\x5b" + (8).to_bytes(8, "big") + xxhash.xxh3_64_digest(data)[::-1]
    count[port] = count.get(port, 0) + (kind == "message")
    bus.put(f"{root}/{key}", message)

def publish_all(kind):
    publish(f"stream/{node}/image", "image", "UltrasoundImage", kind)
    for port, schema in (("health", "Health"), ("journal", "JournalEntry")): publish(f"{port}/{node}", port, schema, kind)

def on_image(sample):
    payload, items = sample.payload.to_bytes(), heard.set() or []
    stream = io.BytesIO(payload)
    while stream.tell() < len(payload):
        items.append(cbor2.load(stream))
    envelope = items[0]
    if envelope["kind"] == "end":
        over.set()
    elif envelope["kind"] == "message":
        pixels = np.frombuffer(items[3], np.uint8).reshape(envelope["arrays"][0]["shape"])
        smooth = sum(np.roll(pixels, shift, axis=0).astype(np.uint32) for shift in range(rows)) // rows
        taken = {"input": {"port": "image", "incarnation": envelope["incarnation"], "sequence": envelope["sequence"]}}
        publish(f"journal/{node}", "journal", "JournalEntry", "message", {"taken_at": now(), "taken": taken})
        publish(f"stream/{node}/image", "image", "UltrasoundImage", "message", items[1], envelope["acquired_at"], smooth.astype(np.uint8))

def on_control(sample):
    order = json.loads(sample.payload.to_bytes())
    leave.set() if order == "exit" else start.set() if "start" in order else None

ears = [bus.declare_subscriber(key, hear) for key, hear in ((me["inputs"]["image"]["key"], on_image), (f"{root}/control", on_control))]
tokens = {state: bus.liveliness().declare_token(f"{root}/alive/{state}/{node}/{me['incarnation']}") for state in ["ready"]}
while not leave.wait(0.25 if start.is_set() else 0.02):
    if not start.is_set():
        publish_all("mark")  # hello, until everybody has heard everybody
        if heard.is_set() and "linked" not in tokens:
            tokens["linked"] = bus.liveliness().declare_token(f"{root}/alive/linked/{node}/{me['incarnation']}")
    if over.is_set() and "end" not in tokens:
        tokens["end"] = publish_all("end")
    heard_of = {"port": "image", "stream": me["inputs"]["image"]["stream"], "received": count.get("journal", 0), "taken": count.get("journal", 0)}
    outputs = [{"port": "image", "sent": count.get("image", 0)}]
    publish(f"status/{node}", "status", "NodeStatus", "message", {"ended": "end" in tokens, "inputs": [heard_of], "outputs": outputs})
bus.close()
