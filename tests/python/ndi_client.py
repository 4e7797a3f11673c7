"""Opens a tracker with the client library `ndicapi`, as its users do, and checks where it says the tools are.

ndi_client.py DEVICE TOOLS: DEVICE is HOST:PORT or the path of a serial line; TOOLS is JSON, a list of tools, each with
the path of its `rom` (none if it has a cable) and its `pose`: w x y z of the quaternion, x y z in mm.
"""
import json, sys, time
import ndicapy as ndi


def ask(device, command):
    """The reply to a command; an error of the device is an exception."""
    try:
        return ndi.ndiCommand(device, command)
    except OSError as error:
        raise AssertionError(f"{command}: {error}") from error


def close_to(seen, pose, digits):
    """Whether a transform of eight numbers is a pose; quaternions of both signs are the same turn."""
    assert not isinstance(seen, str), f"the tool is {seen}"
    sign = 1 if sum(a * b for a, b in zip(seen[:4], pose[:4])) > 0 else -1
    turn = max(abs(sign * a - b) for a, b in zip(seen[:4], pose[:4]))
    place = max(abs(a - b) for a, b in zip(seen[4:7], pose[4:7]))
    assert turn < digits["turn"] and place < digits["place"], f"{seen} instead of {pose}"


where, tools = sys.argv[1], json.loads(sys.argv[2])
is_serial = where.startswith("/")
if is_serial:
    device = ndi.ndiOpen(where)
else:
    host, port = where.rsplit(":", 1)
    device = ndi.ndiOpenNetwork(host, int(port))
assert device is not None, f"nobody at {where}"

# Out of order first: the library must hear an error, and go on.
try:
    ndi.ndiCommand(device, "TSTOP:")
    raise AssertionError("tracking ended that had not begun")
except OSError as error:
    print("as it should be:", error)

ask(device, "INIT:")
if is_serial:
    ask(device, "COMM:50000")
print("version:", ask(device, "VER:4").splitlines()[0])
print("revision:", ask(device, "APIREV:"))

handles = []
for tool in tools:
    if tool["rom"]:
        handle = int(ask(device, "PHRQ:*********1****"), 16)
        result = ndi.ndiPVWRFromFile(device, handle, tool["rom"])
        assert result == 0, tool["rom"]
        handles.append(handle)
if not handles:
    free = ask(device, "PHSR:02")
    handles = [int(free[2 + 5 * i:4 + 5 * i], 16) for i in range(int(free[:2], 16))]
assert len(handles) == len(tools), f"{len(handles)} handles for {len(tools)} tools"
for handle in handles:
    ask(device, f"PINIT:{handle:02X}")
    ask(device, f"PENA:{handle:02X}D")
    print(f"tool {handle:02X}:", ask(device, f"PHINF:{handle:02X}0025").strip())

ask(device, "TSTART:")
frames = []
until = time.monotonic() + 30
while len(frames) < 40 or frames[-1] == frames[0]:
    assert time.monotonic() < until, f"no new frame: {frames[-1]}"
    ask(device, "TX:0801")
    for handle, tool in zip(handles, tools):
        close_to(ndi.ndiGetTXTransform(device, chr(handle).encode()), tool["pose"], {"turn": 1e-4, "place": 0.01})
    frames.append(int(ndi.ndiGetTXFrame(device, chr(handles[0]).encode())))
    ask(device, "BX:0801")
    for handle, tool in zip(handles, tools):
        close_to(ndi.ndiGetBXTransform(device, chr(handle).encode()), tool["pose"], {"turn": 1e-6, "place": 1e-3})
    frames.append(int(ndi.ndiGetBXFrame(device, chr(handles[0]).encode())))
assert frames == sorted(frames), f"frames go backwards: {frames}"
ask(device, "TSTOP:")
for handle in handles:
    ask(device, f"PDIS:{handle:02X}")
    ask(device, f"PHF:{handle:02X}")
(ndi.ndiClose if is_serial else ndi.ndiCloseNetwork)(device)
print("poses agree:", len(handles), "tools, frames", frames[0], "to", frames[-1])
