"""Hears an OpenIGTLink server with pyigtl, and prints what came of each device name as a line of JSON.

usage: openigtlink_client.py PORT SECONDS NAME...
"""

import json
import sys
import time

import pyigtl

port, seconds, names = int(sys.argv[1]), float(sys.argv[2]), set(sys.argv[3:])
client = pyigtl.OpenIGTLinkClient("127.0.0.1", port)
until = time.monotonic() + seconds
while names and time.monotonic() < until:
    for message in client.get_latest_messages():
        # The header has room for 20 bytes; the whole of a longer name is in the metadata.
        name = message.metadata.get("IGTL_DEVICE_NAME", message.device_name)
        if name not in names:
            continue
        names.remove(name)
        came = {"name": name, "type": message.message_type, "timestamp": message.timestamp}
        if message.message_type == "TRANSFORM":
            came["matrix"] = message.matrix.tolist()
        elif message.message_type == "IMAGE":
            image = message.image
            came["ijk_to_world"] = message.ijk_to_world_matrix.tolist()
            came["coordinates"] = message.world_coordinate_system
            came["shape"] = list(image.shape)
            came["dtype"] = str(image.dtype)
            came["first"] = image.reshape(-1)[:8].tolist()
            came["sum"] = int(image.astype("int64").sum())
        elif message.message_type == "STRING":
            came["string"] = message.string
        print(json.dumps(came), flush=True)
    time.sleep(0.005)
client.stop()
for name in sorted(names):
    print(json.dumps({"name": name, "missing": True}), flush=True)
