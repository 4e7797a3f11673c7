"""The same sweep made into the same voxels by NumPy and by SimpleITK, two workers each: images a second.

Reads what the bench wrote: pixels.raw (height x width bytes, one image used for all), places.raw (float64, 3 x 4 for each
image, millimetres from pixels), and the numbers of the grid as arguments. Prints one line of JSON for each row.
"""
import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np

FOLDER, WIDTH, HEIGHT, SPACING = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
ORIGIN, SIZE = np.array(sys.argv[5:8], float), np.array(sys.argv[8:11], int)
PIXELS = np.fromfile(f"{FOLDER}/pixels.raw", np.uint8).reshape(HEIGHT, WIDTH)
PLACES = np.fromfile(f"{FOLDER}/places.raw").reshape(-1, 3, 4)


def voxels(place):
    """Voxel coordinates of all pixels, in single precision: 3 x pixels."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    at = [place[a, 0] * x + place[a, 1] * y + (place[a, 3] - ORIGIN[a]) for a in range(3)]
    return [(axis / SPACING).astype(np.float32).ravel() for axis in at]


def add(sums, weights, index, weight, values):
    is_inside = np.all([(i >= 0) & (i < n) for i, n in zip(index, SIZE)], axis=0)
    flat = ((index[2] * SIZE[1] + index[1]) * SIZE[0] + index[0])[is_inside]
    weight = weight[is_inside]
    sums += np.bincount(flat, weight * values[is_inside], len(sums))
    weights += np.bincount(flat, weight, len(sums))


def nearest(places):
    sums, weights = np.zeros((2, SIZE.prod()))
    values = PIXELS.ravel().astype(np.float32)
    for place in places:
        index = [np.rint(axis).astype(np.int64) for axis in voxels(place)]
        add(sums, weights, index, np.ones_like(values), values)
    return sums, weights


def linear(places):
    sums, weights = np.zeros((2, SIZE.prod()))
    values = PIXELS.ravel().astype(np.float32)
    for place in places:
        at = voxels(place)
        base = [np.floor(axis) for axis in at]
        part = [axis - low for axis, low in zip(at, base)]
        for corner in range(8):
            bits = [corner >> axis & 1 for axis in range(3)]
            weight = np.prod([p if bit else 1 - p for p, bit in zip(part, bits)], axis=0)
            index = [(low + bit).astype(np.int64) for low, bit in zip(base, bits)]
            add(sums, weights, index, weight, values)
    return sums, weights


def in_numpy(method, count):
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(abs, range(2)))  # both workers are there
        start = time.perf_counter()
        parts = list(pool.map(method, np.array_split(PLACES[:count], 2)))
        sums, weights = sum(p[0] for p in parts), sum(p[1] for p in parts)
        np.divide(sums, weights, out=sums, where=weights > 0)
        return count / (time.perf_counter() - start)


def in_simpleitk(count):
    """Each image is resampled, as a slab as thick as a voxel, onto the voxels of the box around it, and added."""
    import SimpleITK as sitk

    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(2)
    sums, weights = np.zeros((2, *SIZE[::-1]), np.float32)
    start = time.perf_counter()
    for place in PLACES[:count]:
        steps = np.linalg.norm(place[:, :2], axis=0)
        across, down = place[:, 0] / steps[0], place[:, 1] / steps[1]
        image = sitk.GetImageFromArray(PIXELS[None].astype(np.float32))
        image.SetSpacing([*steps, SPACING])
        image.SetOrigin(place[:, 3])
        image.SetDirection(np.stack([across, down, np.cross(across, down)], axis=1).ravel())
        ends = [image.TransformIndexToPhysicalPoint((x, y, 0)) for x in (0, WIDTH - 1) for y in (0, HEIGHT - 1)]
        low = np.clip(np.floor((np.min(ends, axis=0) - ORIGIN) / SPACING).astype(int) - 1, 0, SIZE - 1)
        high = np.clip(np.ceil((np.max(ends, axis=0) - ORIGIN) / SPACING).astype(int) + 2, 1, SIZE)
        filter = sitk.ResampleImageFilter()
        filter.SetSize([int(n) for n in high - low])
        filter.SetOutputOrigin(ORIGIN + low * SPACING)
        filter.SetOutputSpacing([SPACING] * 3)
        filter.SetInterpolator(sitk.sitkNearestNeighbor)
        filter.SetDefaultPixelValue(-1)
        found = sitk.GetArrayViewFromImage(filter.Execute(image))
        box = tuple(slice(a, b) for a, b in zip(low[::-1], high[::-1]))
        is_met = found >= 0
        sums[box] += np.where(is_met, found, 0)
        weights[box] += is_met
    np.divide(sums, weights, out=sums, where=weights > 0)
    return count / (time.perf_counter() - start)


for name, run in [
    ("NumPy, nearest, mean", lambda: in_numpy(nearest, 20)),
    ("NumPy, linear, mean", lambda: in_numpy(linear, 6)),
    ("SimpleITK, nearest, mean", lambda: in_simpleitk(20)),
]:
    try:
        print(json.dumps({"name": name, "images_per_second": run()}), flush=True)
    except ImportError as error:
        print(json.dumps({"name": name, "error": str(error)}), flush=True)
