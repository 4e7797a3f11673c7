"""The same messages packed and unpacked by pyigtl: a line of JSON for each, seconds for one.

usage: openigtlink.py SECONDS
"""

import json
import sys
import time

import numpy as np
import pyigtl
from pyigtl.messages import MessageBase

seconds = float(sys.argv[1])


def best(work):
    """Seconds that one call takes, the best of those that fit into the time."""
    least, until = float("inf"), time.perf_counter() + seconds
    while True:
        began = time.perf_counter()
        work()
        now = time.perf_counter()
        least = min(least, now - began)
        if now > until:
            return least


def unpack(packed):
    fields = MessageBase.parse_header(packed[:58])
    message = MessageBase.create_message(fields["message_type"])
    message.unpack(fields, packed[58:])


image = np.arange(640 * 480, dtype=np.uint32).astype(np.uint8)
volume = np.arange(256**3, dtype=np.uint32).astype(np.uint8)
messages = {
    "TRANSFORM": pyigtl.TransformMessage(np.eye(4), device_name="ProbeToTracker"),
    "IMAGE 640x480": pyigtl.ImageMessage(image.reshape(1, 480, 640), device_name="Image"),
    "IMAGE 256^3": pyigtl.ImageMessage(volume.reshape(256, 256, 256), device_name="Volume"),
}
for name, message in messages.items():
    packed = message.pack()
    print(json.dumps({"name": name, "pack": best(message.pack), "unpack": best(lambda: unpack(packed))}), flush=True)
