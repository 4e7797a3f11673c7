"""Serves images or transforms with pyigtl, 50 times a second, until its input is closed.

usage: openigtlink_server.py PORT images|transforms
"""

import sys
import threading
import time

import numpy as np
import pyigtl

port, what = int(sys.argv[1]), sys.argv[2]
server = pyigtl.OpenIGTLinkServer(port=port, local_server=True)

WIDTH, HEIGHT = 64, 48
RAMP = np.arange(WIDTH * HEIGHT) / (WIDTH * HEIGHT - 1)


def ramp(dtype, low=None, high=None):
    """From the smallest to the largest number of a type, over the rows."""
    if low is None:
        info = np.iinfo(dtype)
        low, high = float(info.min), float(info.max)
    values = np.clip(low + RAMP * (high - low), low, high)
    if np.issubdtype(dtype, np.integer):
        values = np.minimum(np.round(values), np.nextafter(high + 1, 0)).astype(np.float64)
    return values.astype(dtype).reshape(1, HEIGHT, WIDTH)


def images():
    made = {np.dtype(kind).name: ramp(kind) for kind in (np.uint8, np.int8, np.uint16, np.int16, np.int32)}
    made["float32"] = ramp(np.float32, -1.0, 1.0)
    made["float64"] = ramp(np.float64, -1.0, 1.0)
    made["rgb"] = np.repeat(ramp(np.uint8)[..., None], 3, axis=3)
    made["plane"] = ramp(np.uint8)[0]
    made["volume"] = np.zeros((3, 4, 5), np.uint8)
    return made


MATRIX = np.array([[0.0, -0.5, 0.0, 10.0], [0.25, 0.0, 0.0, -20.0], [0.0, 0.0, 1.0, 30.0], [0.0, 0.0, 0.0, 1.0]])


def transform(name, index, status=None):
    angle = 0.01 * index
    matrix = np.eye(4)
    matrix[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    matrix[:3, 3] = [index, 2.0, 3.0]
    message = pyigtl.TransformMessage(matrix, device_name=name)
    if status:
        message.header_version = 2
        message.metadata["TransformStatus"] = status
        message.metadata["TransformValid"] = str(status == "OK")
    return message


def send():
    index = 0
    made = images()
    while True:
        now = time.time()
        if what == "images":
            messages = [
                pyigtl.ImageMessage(image, ijk_to_world_matrix=MATRIX, device_name=name)
                for name, image in made.items()
            ]
        else:
            messages = [
                transform("ProbeToTracker", index % 100),
                transform("PatientToTracker", 7, "OK"),
                transform("StylusToTracker", 9, "OUT_OF_VIEW"),
            ]
        for message in messages:
            message.timestamp = now
            server.send_message(message, wait=False)
        index += 1
        time.sleep(0.02)


threading.Thread(target=send, daemon=True).start()
print("serves", flush=True)
sys.stdin.read()
