//! Real recordings, read the same as NumPy and zlib read them.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use formats::metaimage::{Limits, Pixels, ScalarType, Volume};
use formats::plus_config::PlusConfig;
use formats::plus_sequence::{FrameReader, Sequence, SequenceHeader, TransformStatus};

/// A file of the real data, or a printed line that it is absent.
fn data(name: &str) -> Option<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let path = PathBuf::from(folder).join(name);
    if path.exists() {
        return Some(path);
    }
    println!("SKIPPED: real data {name} is absent");
    None
}

struct Truth {
    name: &'static str,
    size: Option<(usize, usize)>,
    frames: usize,
    /// Sum of all pixels.
    total: u64,
    /// Sum of the pixels of the frame in the middle, each times its index modulo 65521.
    middle: u64,
    orientation: &'static str,
    /// Seconds of the first and the last frame.
    times: (f64, f64),
    /// Frames in which each transform is OK.
    usable: &'static [(&'static str, &'static str, usize)],
}

const TRUTHS: [Truth; 12] = [
    Truth {
        name: "imfusion_liver_sweep/liver_sweep_images.igs.mha",
        size: Some((739, 593)),
        frames: 140,
        total: 1_084_744_736,
        middle: 277_530_778_182,
        orientation: "MF",
        times: (0.0, 6.084),
        usable: &[],
    },
    Truth {
        name: "imfusion_liver_sweep/liver_sweep_poses.igs.mha",
        size: None,
        frames: 309,
        total: 0,
        middle: 0,
        orientation: "",
        times: (-0.722, 8.531),
        usable: &[("Probe", "Tracker", 309)],
    },
    Truth {
        name: "plus_recon_nwire/NwirePhantomFreehand.igs.mha",
        size: Some((820, 616)),
        frames: 97,
        total: 22_087_109,
        middle: 7_564_295_406,
        orientation: "MFA",
        times: (345.627_957, 355.783_014),
        usable: &[("Probe", "Tracker", 97), ("Reference", "Tracker", 97), ("Stylus", "Tracker", 0)],
    },
    Truth {
        name: "plus_recon_nwire/NwirePhantomFreehandCropped.igs.mha",
        size: Some((200, 150)),
        frames: 20,
        total: 1_352_909,
        middle: 660_143_709,
        orientation: "MFA",
        times: (345.627_957, 347.658_686),
        usable: &[("Image", "CroppedImage", 20), ("Stylus", "Tracker", 0)],
    },
    Truth {
        name: "plus_misc_sequences/BkCurvilinearScanConvertedData.igs.mha",
        size: Some((600, 400)),
        frames: 1,
        total: 18_776_605,
        middle: 610_729_990_923,
        orientation: "MFA",
        times: (15.462_571, 15.462_571),
        usable: &[("Reference", "Tracker", 1), ("Stylus", "Tracker", 1)],
    },
    Truth {
        name: "plus_misc_sequences/BoneUltrasound_L14.igs.mha",
        size: Some((820, 616)),
        frames: 21,
        total: 208_425_463,
        middle: 314_779_776_207,
        orientation: "MF",
        times: (232.542_071, 234.261_1),
        usable: &[
            ("Probe", "Tracker", 21),
            ("Reference", "Tracker", 21),
            ("Stylus", "Tracker", 21),
        ],
    },
    Truth {
        name: "plus_misc_sequences/SyntheticTrackerBuffer20.igs.mha",
        size: Some((1, 1)),
        frames: 20,
        total: 960,
        middle: 0,
        orientation: "MFA",
        times: (1.0, 10.5),
        usable: &[("Tool", "Tracker", 20)],
    },
    Truth {
        name: "plus_misc_sequences/SyntheticVideoBuffer20.igs.mha",
        size: Some((320, 240)),
        frames: 20,
        total: 17_058_480,
        middle: 20_322_481_785,
        orientation: "MFA",
        times: (0.5, 10.0),
        // Without a status none is usable.
        usable: &[("Tool", "Tracker", 0)],
    },
    Truth {
        name: "plus_misc_sequences/TimestampFilteringTest.igs.mha",
        size: Some((1, 1)),
        frames: 500,
        total: 0,
        middle: 0,
        orientation: "MFA",
        times: (1_840_749.750_288, 1_840_781.950_475),
        usable: &[("Identity", "Identity", 500)],
    },
    Truth {
        name: "plus_misc_sequences/TransformInterpolationTest.igs.mha",
        size: Some((1, 1)),
        frames: 500,
        total: 63_720,
        middle: 0,
        orientation: "MFA",
        times: (1_898_165.1, 1_898_175.172_497),
        usable: &[("Probe", "Tracker", 499), ("Reference", "Tracker", 0)],
    },
    Truth {
        name: "plus_probe_calibration_fcal12/fCal_Test_Calibration_3NWires.igs.mha",
        size: Some((820, 616)),
        frames: 188,
        total: 54_461_215,
        middle: 12_664_021_402,
        orientation: "MFA",
        times: (425.398_686, 440.246_214),
        usable: &[("Probe", "Tracker", 188), ("Stylus", "Tracker", 188)],
    },
    Truth {
        name: "plus_wire_segmentation/USTC_FrameGrabber_ProbeRotationData.igs.mha",
        size: Some((640, 480)),
        frames: 200,
        total: 336_618_789,
        middle: 61_164_843_418,
        orientation: "MN",
        times: (0.0, 19.9),
        usable: &[("Probe", "Reference", 200)],
    },
];

fn check_header(truth: &Truth, header: &SequenceHeader) {
    let name = truth.name;
    assert_eq!(header.frames.len(), truth.frames, "{name}");
    let size = header.images.as_ref().map(|images| (images.width_px, images.height_px));
    assert_eq!(size, truth.size, "{name}");
    if let Some(images) = &header.images {
        assert_eq!(images.orientation.unwrap().to_string(), truth.orientation, "{name}");
        assert_eq!(images.channels, 1, "{name}");
    }
    let times = (header.frames[0].timestamp_s, header.frames[truth.frames - 1].timestamp_s);
    assert_eq!(times, truth.times, "{name}");
    assert_eq!(header.first_step_back(), None, "{name}");
    for (from, to, expected) in truth.usable {
        let usable = header.frames.iter().filter(|frame| {
            frame.transform(from, to).is_some_and(|transform| transform.usable().is_some())
        });
        assert_eq!(usable.count(), *expected, "{name}: {from}To{to}");
    }
}

#[test]
fn every_recording_has_the_pixels_that_numpy_reads() {
    for truth in &TRUTHS {
        let Some(path) = data(truth.name) else { return };
        let source = BufReader::new(File::open(&path).unwrap());
        let mut reader = FrameReader::open(source, &Limits::default()).unwrap();
        check_header(truth, reader.header());
        let (mut pixels, mut total, mut middle) = (Vec::new(), 0, 0);
        while let Some(index) = reader.read_frame(&mut pixels).unwrap() {
            total += pixels.iter().map(|pixel| u64::from(*pixel)).sum::<u64>();
            if index == truth.frames / 2 {
                let weighted = pixels.iter().enumerate();
                middle = weighted.map(|(i, pixel)| u64::from(*pixel) * (i as u64 % 65521)).sum();
            }
        }
        assert_eq!((total, middle), (truth.total, truth.middle), "{}", truth.name);
    }
}

#[test]
fn the_first_matrix_of_the_phantom_sweep() {
    let Some(path) = data("plus_recon_nwire/NwirePhantomFreehand.igs.mha") else {
        return;
    };
    let sequence = Sequence::read(&std::fs::read(path).unwrap(), &Limits::default()).unwrap();
    let probe = sequence.header().frames[0].transform("Probe", "Tracker").unwrap();
    #[rustfmt::skip]
    let expected = nalgebra::Matrix4::new(
        0.956_683, -0.263_308, 0.124_204, -190.886,
        0.269_031, 0.962_616, -0.031_508_9, -98.0911,
        -0.111_264, 0.063_558_8, 0.991_756, -1949.07,
        0.0, 0.0, 0.0, 1.0,
    );
    assert_eq!(probe.usable(), Some(&expected));
    let stylus = sequence.header().frames[0].transform("Stylus", "Tracker").unwrap();
    assert_eq!(stylus.status, TransformStatus::Invalid);
    assert_eq!(sequence.gray_image(96).unwrap().pixels.len(), 820 * 616);
}

#[test]
fn the_phantom_sweep_is_the_same_as_metaimage_and_as_nrrd() {
    let read = |name| {
        let path = data(name)?;
        Some(Sequence::read(&std::fs::read(path).unwrap(), &Limits::default()).unwrap())
    };
    let Some(metaimage) = read("plus_recon_nwire/NwirePhantomFreehand.igs.mha") else { return };
    let Some(nrrd) = read("plus_recon_nwire/NwirePhantomFreehand.igs.nrrd") else { return };
    assert_eq!(nrrd.header(), metaimage.header());
    assert_eq!(nrrd.header().frames.len(), 97);
    assert!(nrrd.all_pixels() == metaimage.all_pixels(), "the pixels differ");
    let bytes =
        std::fs::read(data("plus_recon_nwire/NwirePhantomFreehand.igs.nrrd").unwrap()).unwrap();
    let mut reader = FrameReader::open(&bytes[..], &Limits::default()).unwrap();
    let mut pixels = Vec::new();
    while let Some(index) = reader.read_frame(&mut pixels).unwrap() {
        assert!(pixels == metaimage.pixels(index).unwrap(), "frame {index}");
    }
}

#[test]
fn single_images_as_nrrd_in_colour_and_of_16_bits() {
    let read = |name| {
        let path = data(name)?;
        Some(Sequence::read(&std::fs::read(path).unwrap(), &Limits::default()).unwrap())
    };
    let total = |sequence: &Sequence| {
        sequence.all_pixels().iter().map(|byte| u64::from(*byte)).sum::<u64>()
    };
    let Some(colour) = read("plus_misc_sequences/ColorNrrdSample.igs.nrrd") else { return };
    let images = colour.header().images.as_ref().unwrap();
    assert_eq!((images.width_px, images.height_px, images.channels), (1152, 648, 3));
    assert_eq!((colour.header().frames.len(), total(&colour)), (1, 544_737_571));
    assert_eq!(colour.gray_image(0).unwrap().pixels.len(), 1152 * 648);
    let Some(wide) = read("plus_misc_sequences/NrrdSample.igs.nrrd") else { return };
    let images = wide.header().images.as_ref().unwrap();
    assert_eq!((images.width_px, images.height_px, images.scalar), (256, 256, ScalarType::I16));
    assert_eq!(total(&wide), 2_784_991);
    for sequence in [colour, wide] {
        let bytes = sequence.write_nrrd(true).unwrap();
        assert!(Sequence::read(&bytes, &Limits::default()).unwrap() == sequence);
    }
}

#[test]
fn an_upside_down_recording_is_turned() {
    let name = "plus_wire_segmentation/USTC_FrameGrabber_ProbeRotationData.igs.mha";
    let Some(path) = data(name) else { return };
    let sequence = Sequence::read(&std::fs::read(path).unwrap(), &Limits::default()).unwrap();
    let (image, stored) = (sequence.gray_image(5).unwrap(), sequence.pixels(5).unwrap());
    for (row, stored_row) in image.pixels.chunks(640).zip(stored.chunks(640).rev()) {
        assert_eq!(row, stored_row);
    }
}

#[test]
fn poses_keep_fields_that_plus_does_not_know() {
    let Some(path) = data("imfusion_liver_sweep/liver_sweep_poses.igs.mha") else {
        return;
    };
    let sequence = Sequence::read(&std::fs::read(path).unwrap(), &Limits::default()).unwrap();
    let first = &sequence.header().frames[0];
    assert_eq!(first.fields["ProbeToTrackerQuality"], "0.9718");
    assert_eq!(first.number, Some(0));
}

#[test]
fn every_recording_comes_back_from_our_writer() {
    for truth in &TRUTHS {
        let Some(path) = data(truth.name) else { return };
        let sequence = Sequence::read(&std::fs::read(&path).unwrap(), &Limits::default()).unwrap();
        let bytes = sequence.write(false).unwrap();
        let again = Sequence::read(&bytes, &Limits::default()).unwrap();
        assert!(again == sequence, "{}", truth.name);
    }
}

#[test]
fn the_reconstructed_volume() {
    let Some(path) = data("plus_recon_nwire/NwirePhantomFreehandReconstructed.mha") else {
        return;
    };
    let volume = Volume::read(&std::fs::read(path).unwrap(), &Limits::default()).unwrap();
    assert_eq!(volume.dims, [101, 104, 74]);
    assert_eq!(volume.spacing_mm.as_slice(), [0.5, 0.5, 0.5]);
    assert_eq!(volume.origin_mm.as_slice(), [-22.2573, -137.793, -58.5829]);
    let Pixels::U8(voxels) = &volume.voxels else { panic!("8 bit") };
    assert_eq!(voxels.iter().map(|voxel| u64::from(*voxel)).sum::<u64>(), 385_942);
}

#[test]
fn device_sets() {
    let read =
        |name| data(name).map(|path| PlusConfig::parse(&std::fs::read(path).unwrap()).unwrap());
    let Some(liver) = read("imfusion_liver_sweep/liver_sweep.xml") else {
        return;
    };
    let image_to_probe = liver.matrix("Image", "Probe").unwrap();
    assert_eq!(image_to_probe[(0, 1)], -0.291_882_094_5);
    assert_eq!(liver.matrix("Tracker", "Reference").unwrap()[(2, 3)], 830.989_119_7);

    let name =
        "plus_recon_nwire/PlusDeviceSet_NwirePhantomFreehand_vtkVolumeReconstructorTest2.xml";
    let Some(nwire) = read(name) else { return };
    assert_eq!(nwire.transforms.len(), 2);
    assert_eq!(nwire.matrix("Image", "Probe").unwrap()[(1, 0)], 0.0774);

    let name = "plus_probe_calibration_fcal12/PlusDeviceSet_fCal_Sim_SpatialCalibration_1.2.xml";
    let Some(fcal) = read(name) else { return };
    let names: Vec<_> = fcal.transforms.iter().map(|t| format!("{}To{}", t.from, t.to)).collect();
    assert_eq!(names, ["ImageToTransducerOriginPixel", "PhantomToReference", "StylusTipToStylus"]);
    let Some(bone) = read("plus_misc_sequences/BoneUltrasound_L14_config.xml") else {
        return;
    };
    assert_eq!(bone.matrix("Image", "Probe").unwrap()[(0, 3)], 12.74);
}
