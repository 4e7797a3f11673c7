//! Device sets give their transforms, and wrong ones are refused with the line.
#![allow(clippy::unwrap_used, reason = "tests")]

use formats::plus_config::{
    CompoundingMode, Error, FanAngleDetection, HoleFilling, Interpolation, LARGEST_FILE,
    PlusConfig, VolumeReconstruction,
};
use nalgebra::Matrix4;
use proptest::prelude::*;

fn config(transforms: &str) -> String {
    format!(
        "<PlusConfiguration version=\"2.0\">\n<CoordinateDefinitions>\n{transforms}\n</CoordinateDefinitions>\n</PlusConfiguration>"
    )
}

const SHIFT: &str = r#"<Transform From="Image" To="Probe" Matrix="
    1 0 0 10
    0 1 0 20
    0 0 1 30
    0 0 0 1" Error="0.5" Date="2011.08.19 14:11:53"/>"#;

#[test]
fn a_transform_and_its_inverse() {
    let config = PlusConfig::parse(config(SHIFT).as_bytes()).unwrap();
    let [transform] = &config.transforms[..] else { panic!("one transform") };
    assert_eq!((transform.from.as_str(), transform.to.as_str()), ("Image", "Probe"));
    assert_eq!(transform.error.as_deref(), Some("0.5"));
    assert_eq!(transform.date.as_deref(), Some("2011.08.19 14:11:53"));
    let matrix = config.matrix("Image", "Probe").unwrap();
    assert_eq!(matrix.column(3).as_slice(), [10.0, 20.0, 30.0, 1.0]);
    assert_eq!(config.matrix("Probe", "Image").unwrap() * matrix, Matrix4::identity());
    assert_eq!(config.matrix("Image", "Tracker"), None);
}

#[test]
fn a_device_set_without_transforms() {
    for text in ["<PlusConfiguration/>", &config("")] {
        assert_eq!(PlusConfig::parse(text.as_bytes()).unwrap(), PlusConfig::default());
    }
}

#[test]
fn each_mistake_is_named() {
    let cases = [
        (SHIFT.replace("From=\"Image\"", ""), "line 3: a Transform needs the attribute `From`"),
        (SHIFT.replace("\"Probe\"", "\"\""), "the attribute `To`"),
        (SHIFT.replace("30", "three"), "16 numbers"),
        (SHIFT.replace("30", "30 0"), "16 numbers"),
        (SHIFT.replace("30", "nan"), "NaN or infinite"),
        (SHIFT.replace("0 0 0 1", "0 0 0 2"), "last row"),
        (SHIFT.replace("0 0 1 30", "0 0 0 30"), "singular"),
        (format!("{SHIFT}\n{SHIFT}"), "line 8: ImageToProbe is already given in line 3"),
        (
            format!(
                "{SHIFT}\n{}",
                SHIFT.replace("Image", "X").replace("Probe", "Image").replace('X', "Probe")
            ),
            "ProbeToImage is already given",
        ),
    ];
    for (transforms, expected) in cases {
        let error = PlusConfig::parse(config(&transforms).as_bytes()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    for (text, expected) in [("", "XML"), ("<Other/>", "`Other`"), ("<PlusConfiguration>", "XML")] {
        let error = PlusConfig::parse(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    assert!(matches!(PlusConfig::parse(b"<a\xff/>"), Err(Error::NotText { at: 2 })));
}

#[test]
fn hostile_documents() {
    let huge = vec![b' '; LARGEST_FILE + 1];
    assert!(matches!(PlusConfig::parse(&huge), Err(Error::TooLarge { .. })));
    let deep = "<a>".repeat(1_000_000);
    assert!(PlusConfig::parse(deep.as_bytes()).is_err());
    let closed = format!("{}{}", "<a>".repeat(400_000), "</a>".repeat(400_000));
    assert!(PlusConfig::parse(closed.as_bytes()).is_err());
    let laughs = r#"<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><PlusConfiguration>&b;</PlusConfiguration>"#;
    assert!(matches!(PlusConfig::parse(laughs.as_bytes()), Err(Error::Xml(_))));
    let outside = r#"<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><PlusConfiguration>&a;</PlusConfiguration>"#;
    assert!(matches!(PlusConfig::parse(outside.as_bytes()), Err(Error::Xml(_))));
}

#[test]
fn cut_off_anywhere() {
    let text = config(SHIFT);
    for length in 0..text.len() {
        assert!(PlusConfig::parse(&text.as_bytes()[..length]).is_err(), "{length}");
    }
}

proptest! {
    #[test]
    fn random_damage_never_panics(position in any::<prop::sample::Index>(), byte: u8) {
        let mut bytes = config(SHIFT).into_bytes();
        let at = position.index(bytes.len());
        bytes[at] = byte;
        if let Ok(config) = PlusConfig::parse(&bytes) {
            for transform in config.transforms {
                prop_assert!(transform.matrix.iter().all(|value| value.is_finite()));
            }
        }
    }
}

const RECONSTRUCTION: &str = r#"<PlusConfiguration>
  <VolumeReconstruction ImageCoordinateFrame="Image" ReferenceCoordinateFrame="Reference"
    OutputSpacing="1.0 0.5 2.0" OutputOrigin="-10 20 30" OutputExtent="0 99 0 49 -5 5"
    ClipRectangleOrigin="167 62" ClipRectangleSize="495 488"
    FanAnglesDeg="40 -35" FanOriginPixel="320 -20" FanRadiusStartPixel="30" FanRadiusStopPixel="400"
    EnableFanAnglesAutoDetect="TRUE" FanAnglesAutoDetectBrightnessThreshold="17.5" FanAnglesAutoDetectFilterRadiusPixel="4"
    PixelRejectionThreshold="12.5" SkipInterval="3"
    Interpolation="LINEAR" CompoundingMode="IMPORTANCE_MASK" ImportanceMaskFilename="mask.png" FillHoles="ON">
    <HoleFilling>
      <HoleFillingElement Type="GAUSSIAN" Size="5" Stdev="0.5" MinimumKnownVoxelsRatio="0.2"/>
      <HoleFillingElement Type="STICK" StickLengthLimit="9" NumberOfSticksToUse="1"/>
      <HoleFillingElement Type="NEAREST_NEIGHBOR" Size="3" MinimumKnownVoxelsRatio="0"/>
    </HoleFilling>
  </VolumeReconstruction>
</PlusConfiguration>"#;

#[test]
fn a_reconstruction_says_all_that_plus_can_say() {
    let found = VolumeReconstruction::parse(RECONSTRUCTION.as_bytes()).unwrap().unwrap();
    assert_eq!(found.reference_frame.as_deref(), Some("Reference"));
    assert_eq!((found.spacing_mm, found.origin_mm), ([1.0, 0.5, 2.0], Some([-10.0, 20.0, 30.0])));
    assert_eq!(found.extent, Some([[0, 99], [0, 49], [-5, 5]]));
    assert_eq!(found.clip_rectangle_px, Some(([167, 62], [495, 488])));
    assert_eq!(found.fan_angles_deg, Some([-35.0, 40.0]));
    assert_eq!((found.fan_origin_px, found.fan_radii_px), ([320.0, -20.0], [30.0, 400.0]));
    let detection = FanAngleDetection { brightness_threshold: 17.5, filter_radius_px: 4 };
    assert_eq!(found.fan_angle_detection, Some(detection));
    assert_eq!((found.rejection_threshold, found.skip_interval), (Some(12.5), 3));
    assert_eq!(found.interpolation, Interpolation::Linear);
    assert_eq!(found.compounding, Some(CompoundingMode::ImportanceMask));
    assert_eq!(found.importance_mask.as_deref(), Some("mask.png"));
    let expected = [
        HoleFilling::Gaussian { size: 5, stdev: 0.5, least_known: 0.2 },
        HoleFilling::Stick { length: 9, sticks: 1 },
        HoleFilling::NearestNeighbor { size: 3, least_known: 0.0 },
    ];
    assert_eq!(found.hole_filling, expected);
}

#[test]
fn a_reconstruction_in_older_words_means_the_same() {
    let xml = |attributes: &str| {
        format!(
            "<PlusConfiguration><VolumeReconstruction OutputSpacing='1 1 1' {attributes}/></PlusConfiguration>"
        )
    };
    let read = |attributes: &str| {
        VolumeReconstruction::parse(xml(attributes).as_bytes()).unwrap().unwrap()
    };
    assert_eq!(read("Compounding='OFF'").compounding, Some(CompoundingMode::Latest));
    assert_eq!(
        read("Compounding='ON' Calculation='MAXIMUM'").compounding,
        Some(CompoundingMode::Maximum)
    );
    assert_eq!(read("").compounding, None);
    let fan = read("FanAngles='-30 30' FanOrigin='1 2' FanDepth='99'");
    assert_eq!((fan.fan_angles_deg, fan.fan_origin_px), (Some([-30.0, 30.0]), [1.0, 2.0]));
    assert_eq!(fan.fan_radii_px, [0.0, 99.0]);
    assert_eq!(read("FanAnglesDeg='0 0'").fan_angles_deg, None);
    assert_eq!(read("EnableFanAnglesAutoDetect='FALSE'").fan_angle_detection, None);
    let usual = FanAngleDetection { brightness_threshold: 30.0, filter_radius_px: 10 };
    assert_eq!(read("EnableFanAnglesAutoDetect='TRUE'").fan_angle_detection, Some(usual));
    assert_eq!(read("ClipRectangleOrigin='3 4' ClipRectangleSize='0 0'").clip_rectangle_px, None);
    assert_eq!(VolumeReconstruction::parse(b"<PlusConfiguration/>").unwrap(), None);
}

#[test]
fn a_reconstruction_that_makes_no_sense_is_named_with_its_line() {
    for (from, to, expected) in [
        ("OutputSpacing=\"1.0 0.5 2.0\"", "", "line 2: VolumeReconstruction needs `OutputSpacing`"),
        ("1.0 0.5 2.0", "1.0 0.5", "`OutputSpacing` should be three numbers, but is `1.0 0.5`"),
        ("1.0 0.5 2.0", "1.0 0 2.0", "`OutputSpacing` should be three numbers above 0"),
        ("0 99 0", "99 0 0", "`OutputExtent` should be first and last voxel along x, y and z"),
        ("\"LINEAR\"", "\"CUBIC\"", "should be LINEAR or NEAREST_NEIGHBOR, but is `CUBIC`"),
        ("IMPORTANCE_MASK", "MEDIAN", "should be LATEST, MAXIMUM, MEAN or IMPORTANCE_MASK"),
        (
            "\"TRUE\"",
            "\"YES\"",
            "`EnableFanAnglesAutoDetect` should be TRUE or FALSE, but is `YES`",
        ),
        (
            "Pixel=\"4\"",
            "Pixel=\"0\"",
            "`FanAnglesAutoDetectFilterRadiusPixel` should be a whole number of pixels from 1",
        ),
        ("12.5", "NaN", "`PixelRejectionThreshold` should be a number, but is `NaN`"),
        (
            "Size=\"5\"",
            "Size=\"4\"",
            "line 10: `Size` should be an odd number of voxels, but is `4`",
        ),
        ("Stdev=\"0.5\"", "", "line 10: HoleFillingElement needs `Stdev`"),
        ("\"STICK\"", "\"BRANCH\"", "line 11: `Type` should be GAUSSIAN, GAUSSIAN_ACCUMULATION"),
        ("FillHoles=\"ON\"", "FillHoles=\"YES\"", "`FillHoles` should be ON or OFF, but is `YES`"),
    ] {
        assert!(RECONSTRUCTION.contains(from), "{from}");
        let xml = RECONSTRUCTION.replacen(from, to, 1);
        let error = VolumeReconstruction::parse(xml.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}
