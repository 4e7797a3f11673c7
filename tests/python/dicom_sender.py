"""Makes a CT series of known voxels with pydicom and pushes it with pynetdicom; or pushes the files of a folder.

Prints one line of JSON: what became of it. With --out, the truth is written there: `truth.json` (size, and the matrix from
voxel indices to millimetres, LPS, row by row) and `truth.i16` (x fastest, slices along the cross product of rows and
columns).
"""

import argparse
import json
import pathlib
import random
import time

import numpy as np
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    EnhancedCTImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGLSLossless,
    RLELossless,
    generate_uid,
)
from pynetdicom import AE, debug_logger
from pynetdicom.sop_class import Verification

SYNTAXES = {
    "explicit": ExplicitVRLittleEndian,
    "implicit": ImplicitVRLittleEndian,
    "big": ExplicitVRBigEndian,
    "deflated": DeflatedExplicitVRLittleEndian,
    "rle": RLELossless,
    "jpeg_ls": JPEGLSLossless,
}
SIZE = (13, 9)  # columns and rows: unlike each other, and odd
SPACING = (0.8, 0.65, 1.25)  # along rows, along columns, along the stack
CENTRE = (12.0, -35.0, 140.0)


def directions(oblique):
    """Unit vectors along a row, along a column, and along the stack."""
    if not oblique:
        return np.eye(3)
    turn = np.eye(3)
    for axis, angle in enumerate((0.3, -0.2, 0.5)):
        one, other = [i for i in range(3) if i != axis]
        step = np.eye(3)
        step[one, one] = step[other, other] = np.cos(angle)
        step[one, other], step[other, one] = -np.sin(angle), np.sin(angle)
        turn = step @ turn
    return turn.T


def truth(arguments):
    """Voxels as z, y, x, and the matrix that places them."""
    columns, rows = SIZE
    axes = directions(arguments.oblique)
    matrix = np.eye(4)
    for axis in range(3):
        matrix[:3, axis] = axes[axis] * SPACING[axis]
    half = matrix[:3, :3] @ (np.array([columns, rows, arguments.slices]) - 1) / 2
    matrix[:3, 3] = np.array(CENTRE) - half
    z, y, x = np.meshgrid(range(arguments.slices), range(rows), range(columns), indexing="ij")
    places = np.stack([x, y, z], -1) @ matrix[:3, :3].T + matrix[:3, 3]
    # A ball of contrast agent in soft tissue that grows denser to the left, in air.
    values = 40 + 3 * (places[..., 0] - CENTRE[0]) + places[..., 2] - CENTRE[2]
    values[np.linalg.norm(places - CENTRE, axis=-1) < 3.5] = 310
    values[0, 0, :] = -1000
    return np.round(values).astype(np.int16), matrix


def decimals(numbers):
    return [f"{number:.10g}"[:16] for number in numbers]


def base(arguments, uids, instance):
    """What every image of the series has."""
    data = Dataset()
    data.PatientName, data.PatientID = arguments.name, arguments.patient
    data.PatientBirthDate, data.PatientSex = "19640812", "F"
    data.StudyInstanceUID, data.SeriesInstanceUID, data.FrameOfReferenceUID = uids
    data.SOPInstanceUID = instance
    data.Modality = "CT"
    data.Manufacturer = "Phantom"
    data.InstitutionName = "St. Elsewhere"
    data.SeriesNumber, data.StudyID, data.AccessionNumber = 7, "S1", "ACC0815"
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.Columns, data.Rows = SIZE
    # Unsigned, with an intercept, as most scanners write.
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
    return data


def measures(data):
    data.PixelSpacing = decimals([SPACING[1], SPACING[0]])
    data.SliceThickness = str(SPACING[2])


def rescale(data):
    data.RescaleIntercept, data.RescaleSlope = "-1024", "1"


def finished(data, syntax, stored):
    """With its pixels, in a transfer syntax."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = data.SOPClassUID, data.SOPInstanceUID
    meta.TransferSyntaxUID = syntax if syntax != RLELossless else ExplicitVRLittleEndian
    data.file_meta = meta
    order = ">" if syntax == ExplicitVRBigEndian else "<"
    data.PixelData = stored.astype(f"{order}u2").tobytes()
    data["PixelData"].VR = "OW"
    if syntax == RLELossless:
        # Its identifier stays, as the image is the same.
        data.compress(RLELossless, generate_instance_uid=False)
    return data


def series(arguments):
    """The images, in the order of the stack."""
    voxels, matrix = truth(arguments)
    stored = (voxels.astype(np.int32) + 1024).astype(np.uint16)
    axes = directions(arguments.oblique)
    # The same for the same seed: what is sent again has the same identifiers.
    uid = lambda *words: generate_uid(entropy_srcs=[str(arguments.seed), *map(str, words)])
    uids = uid("study"), uid("series"), uid("frame")
    syntax = SYNTAXES[arguments.syntax]
    syntax = ExplicitVRLittleEndian if syntax == JPEGLSLossless else syntax
    orientation = decimals([*axes[0], *axes[1]])
    position = lambda at: decimals((matrix @ [0, 0, at, 1])[:3])
    if arguments.enhanced:
        data = base(arguments, uids, uid("all"))
        data.SOPClassUID = EnhancedCTImageStorage
        data.NumberOfFrames = arguments.slices
        shared, pixels, turned, values = Dataset(), Dataset(), Dataset(), Dataset()
        measures(pixels)
        turned.ImageOrientationPatient = orientation
        rescale(values)
        values.RescaleType = "HU"
        shared.PixelMeasuresSequence = Sequence([pixels])
        shared.PlaneOrientationSequence = Sequence([turned])
        shared.PixelValueTransformationSequence = Sequence([values])
        data.SharedFunctionalGroupsSequence = Sequence([shared])
        frames = []
        for at in range(arguments.slices):
            frame, place = Dataset(), Dataset()
            place.ImagePositionPatient = position(at)
            frame.PlanePositionSequence = Sequence([place])
            frames.append(frame)
        data.PerFrameFunctionalGroupsSequence = Sequence(frames)
        return [finished(data, syntax, stored)]
    images = []
    for at in range(arguments.slices):
        data = base(arguments, uids, uid("image", at))
        data.SOPClassUID = CTImageStorage
        data.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        # Numbers say nothing of places: they run the other way.
        data.InstanceNumber = arguments.slices - at
        measures(data)
        rescale(data)
        data.ImageOrientationPatient = orientation
        place = np.array((matrix @ [0, 0, at, 1])[:3])
        if at == arguments.uneven:
            place = place + 0.4 * axes[2]
        data.ImagePositionPatient = decimals(place)
        if arguments.count:
            data.ImagesInAcquisition = arguments.slices
        images.append(finished(data, syntax, stored[at]))
    return images


def chosen(images, arguments):
    """Which are sent, and in which order."""
    images = [image for at, image in enumerate(images) if at not in arguments.leave_out]
    images += [image for at, image in enumerate(images) if at in arguments.twice]
    if arguments.shuffled:
        random.Random(arguments.seed).shuffle(images)
    return images


def push(images, arguments):
    """Sends images, and says what became of it."""
    ae = AE(ae_title=arguments.calling)
    contexts = {(image.SOPClassUID, image.file_meta.TransferSyntaxUID) for image in images}
    if arguments.syntax == "jpeg_ls":
        contexts = {(CTImageStorage, JPEGLSLossless)}
    for kind, syntax in sorted(contexts):
        ae.add_requested_context(kind, syntax)
    ae.add_requested_context(Verification)
    association = ae.associate("127.0.0.1", arguments.port, ae_title=arguments.called)
    result = {"established": association.is_established, "statuses": {}, "comments": [], "echo": None}
    if not association.is_established:
        return result
    result["refused_contexts"] = [str(it.abstract_syntax) for it in association.rejected_contexts]
    result["echo"] = association.send_c_echo().Status
    if arguments.syntax != "jpeg_ls":
        for sent, image in enumerate(images):
            if sent == arguments.abort_after:
                association.abort()
                return result
            if sent == arguments.cut_after:
                # The cable is pulled.
                association.dul.socket.socket.close()
                return result
            status = association.send_c_store(image)
            # An answer that pynetdicom has not got is told as such.
            code = f"{status.Status:04X}" if "Status" in status else "none"
            result["statuses"][code] = result["statuses"].get(code, 0) + 1
            comment = str(status.get("ErrorComment", ""))
            if comment and comment not in result["comments"]:
                result["comments"].append(comment)
            # Asked for more at once on a busy machine, its own thread takes the next answer for a request, and aborts.
            time.sleep(0.02)
            if arguments.each:
                association.release()
                association = ae.associate("127.0.0.1", arguments.port, ae_title=arguments.called)
    association.release()
    return result


def numbers(text):
    return [int(number) for number in text.split(",") if number]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, help="where to push; without it nothing is pushed")
    parser.add_argument("--out", type=pathlib.Path, help="write the truth here, and the images as files in `images`")
    parser.add_argument("--folder", type=pathlib.Path, help="push the files of this folder instead")
    parser.add_argument("--called", default="VESALIUS")
    parser.add_argument("--calling", default="PYNETDICOM")
    parser.add_argument("--syntax", choices=SYNTAXES, default="explicit")
    parser.add_argument("--slices", type=int, default=11)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--patient", default="PID4711")
    parser.add_argument("--name", default="Mustermann^Erika")
    parser.add_argument("--oblique", action="store_true")
    parser.add_argument("--enhanced", action="store_true")
    parser.add_argument("--count", action="store_true", help="each image tells how many there are")
    parser.add_argument("--shuffled", action="store_true")
    parser.add_argument("--each", action="store_true", help="an association for each image")
    parser.add_argument("--leave-out", type=numbers, default=[])
    parser.add_argument("--twice", type=numbers, default=[])
    parser.add_argument("--uneven", type=int, default=-1)
    parser.add_argument("--abort-after", type=int, default=-1)
    parser.add_argument("--cut-after", type=int, default=-1)
    parser.add_argument("--debug", action="store_true")
    arguments = parser.parse_args()
    if arguments.debug:
        debug_logger()
    if arguments.folder:
        images = [dcmread(path) for path in sorted(arguments.folder.rglob("*")) if path.is_file()]
        for image in images:
            # Who removed names may have removed these, too, without which nothing can be sent.
            image.SOPClassUID = image.get("SOPClassUID") or CTImageStorage
            image.SOPInstanceUID = image.get("SOPInstanceUID") or generate_uid()
    else:
        images = series(arguments)
    if arguments.out:
        voxels, matrix = truth(arguments)
        folder = arguments.out / "images"
        folder.mkdir(parents=True, exist_ok=True)
        (arguments.out / "truth.json").write_text(
            json.dumps({"size": list(voxels.shape[::-1]), "matrix": matrix.flatten().tolist()})
        )
        (arguments.out / "truth.i16").write_bytes(voxels.astype("<i2").tobytes())
        for at, image in enumerate(images):
            image.save_as(folder / f"{at:04}.dcm", enforce_file_format=True)
    result = {}
    if arguments.port:
        result = push(chosen(images, arguments), arguments)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
