//! DICOM commands, data sets with nothing around them, and what is kept of those.

use std::sync::Once;

use formats::dicom::command::{Command, Status};
use formats::dicom::write::{CLASS, CtSeries, Origin, uid_of};
use formats::dicom::{Damaged, File, Series};
use nalgebra::Matrix4;

use super::{LIMITS, Target, assert_said, bounded, odd_numbers};

/// What is tried, and with what.
pub const TARGET: Target = Target { name: "dicom_network", check, seeds, words: WORDS };

const SECRET: [u8; 32] = [7; 32];
/// Nothing of these is compressed: compressed pixels have a target of their own.
const SYNTAXES: [&str; 3] = ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.2"];

/// Asks the dictionary of attributes once: it is made when it is first asked, and is no memory of any file.
fn ask_dictionary() {
    static ASKED: Once = Once::new();
    ASKED.call_once(|| {
        let cut = Command::read(&[2, 0, 0, 0, 9, 0, 0, 0]).map_err(|error| error.to_string());
        assert!(cut.is_err());
    });
}

fn check(bytes: &[u8]) {
    ask_dictionary();
    match bounded(bytes.len(), 0, || Command::read(bytes)) {
        Err(error) => assert_said(&error),
        Ok(command) => {
            // A text may become longer, once, as what is no letter is written as one.
            if let Ok(plain) = Command::read(&command.bytes()) {
                assert_eq!(Command::read(&plain.bytes()).ok(), Some(plain));
            }
        }
    }
    assert_eq!(File::restore("f", bytes, &SECRET).err(), Some(Damaged));
    for syntax in SYNTAXES {
        let read = || File::of_data_set("f", bytes, syntax, &SECRET, &LIMITS);
        let file = match bounded(bytes.len(), 0, read) {
            Ok(file) => file,
            Err(error) => {
                assert_said(&error);
                continue;
            }
        };
        if let Some(problem) = file.problem() {
            assert_said(problem);
            continue;
        }
        let kept = file.keep(&SECRET);
        let restored = File::restore("f", &kept, &SECRET).expect("what was kept comes back");
        assert_eq!(restored.keep(&SECRET), kept);
        let pixels = file.images();
        let outline = restored.without_pixels();
        assert_eq!((outline.images(), outline.instance()), (pixels, file.instance()));
        if let Err(error) = Series::check(&[&outline]) {
            assert_said(&error);
        }
    }
}

/// A command of each kind, and an image.
fn seeds() -> Vec<Vec<u8>> {
    let class = CLASS.to_owned();
    let instance = uid_of("image");
    let commands = [
        Command::EchoRequest { id: 1 },
        Command::EchoResponse { to: 1, status: Status::SUCCESS },
        Command::StoreRequest { id: 2, class: class.clone(), instance: instance.clone() },
        Command::StoreResponse {
            to: 2,
            class,
            instance,
            status: Status::CANNOT_UNDERSTAND,
            comment: "cannot be read as an image".to_owned(),
        },
        Command::Other { field: 0x20, id: 3, has_data_set: true },
        Command::OtherResponse { field: 0x20, to: 3 },
    ];
    let origin = Origin {
        patient_id: "P".to_owned(),
        patient_name: "N^M".to_owned(),
        study: uid_of("study"),
        series: uid_of("series"),
        frame_of_reference: uid_of("frame"),
        series_number: 1,
        manufacturer: "M".to_owned(),
        acquired: ["20240229".to_owned(), "134507.25".to_owned()],
    };
    let series = CtSeries {
        origin: &origin,
        dims: [3, 2, 2],
        lps_from_voxel: Matrix4::identity(),
        voxels: &[5; 12],
        tells_count: true,
    };
    let mut seeds: Vec<Vec<u8>> = commands.iter().map(Command::bytes).collect();
    seeds.push(series.data_set(1).expect("an image"));
    seeds
}

const WORDS: &[&str] = odd_numbers!("1.2.840.10008.1.1", "\x01\x01", "20240229", "+0130");
