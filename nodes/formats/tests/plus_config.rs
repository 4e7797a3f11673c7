//! Device sets give their transforms, and wrong ones are refused with the line.
#![allow(clippy::unwrap_used, reason = "tests")]

use formats::plus_config::{Error, LARGEST_FILE, PlusConfig};
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
