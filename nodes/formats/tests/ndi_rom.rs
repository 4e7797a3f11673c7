//! Tool definition files: NDI's own, and damaged ones.
#![allow(clippy::unwrap_used, clippy::print_stderr, missing_docs, reason = "tests")]

mod ndi_samples;

use std::path::{Path, PathBuf};

use formats::ndi::{Rom, RomError};

fn real_files() -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/ndi_rom_tools");
    let Ok(entries) = folder.read_dir() else {
        eprintln!("skipped: {} is not there", folder.display());
        return vec![];
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    let roms = paths.filter(|path| path.extension().is_some_and(|extension| extension == "rom"));
    roms.map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

#[test]
fn real_files_are_read_and_written_to_the_byte() {
    for (path, bytes) in real_files() {
        let rom = Rom::read(&bytes).unwrap();
        assert!((3..=4).contains(&rom.markers.len()), "{rom:?}");
        assert_eq!(rom.marker_type, 41);
        assert!(["NDI", "Robarts"].contains(&&*rom.manufacturer), "{rom:?}");
        assert_eq!(rom.to_bytes().unwrap(), bytes, "{}", path.display());
        if path.ends_with("8700339.rom") {
            assert_eq!((&*rom.part_number, rom.serial_text()), ("8700339", "34801403".to_owned()));
            assert_eq!((rom.min_markers, rom.max_marker_error_mm), (4, 0.75));
            assert_eq!(rom.markers[2].position_mm, [0.0, 0.0, 88.0]);
        }
        // As the memory of a device has it: blocks of 64 bytes, zeros behind.
        let mut memory = vec![0; 1024];
        for (address, block) in Rom::blocks(&bytes) {
            memory[usize::from(address)..][..64].copy_from_slice(&block);
        }
        assert_eq!(Rom::read(&memory).unwrap(), rom);
    }
}

#[test]
fn written_and_read_again() {
    let rom = ndi_samples::rom();
    assert_eq!(Rom::read(&rom.to_bytes().unwrap()).unwrap(), rom);
    let mut many = rom.clone();
    many.markers = vec![rom.markers[0]; 21];
    assert!(many.to_bytes().is_err());
    let mut named = rom.clone();
    named.part_number = "more than twenty characters".to_owned();
    assert!(named.to_bytes().unwrap_err().to_string().contains("the part number"));
}

/// The checksum is a sum: any one changed byte shows.
#[test]
fn damage_is_said() {
    let bytes = ndi_samples::rom().to_bytes().unwrap();
    for at in 0..bytes.len() {
        for mask in [1, 0x80, 0xff] {
            let mut changed = bytes.clone();
            changed[at] ^= mask;
            assert!(Rom::read(&changed).is_err(), "byte {at}");
        }
    }
    for end in 0..bytes.len() {
        assert!(Rom::read(&bytes[..end]).is_err());
    }
    assert!(matches!(Rom::read(b"solid"), Err(RomError::Magic(_))));
    assert_eq!(Rom::read(&[&bytes[..], &[0; 2000]].concat()), Err(RomError::Size(2752)));
    let said = Rom::read(&bytes[..700]).unwrap_err().to_string();
    assert!(said.contains("has 700") && said.contains("take the original"), "{said}");
}
