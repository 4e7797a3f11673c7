//! Writes frames of the sweeps over abdomen and pelvis with their true vessels, as PGM images.
//!
//! `cargo run -p simulation --example anatomy_bmode -- FOLDER [SEED]`

use std::io;
use std::path::Path;
use std::time::Duration;

use ndarray::Array2;
use simulation::anatomy::family::Family;
use simulation::{ScanGeometry, Scanner, ScannerSettings, Subject, SubjectKind};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("name a folder to write the images to")?;
    let seed: u64 = arguments.next().map_or(Ok(1), |text| text.parse())?;
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder)?;
    let geometry = ScanGeometry { depth_mm: 140.0, ..ScanGeometry::default() };
    let scanner = Scanner::new(geometry, ScannerSettings::default())?;
    for (name, kind) in [("abdomen", SubjectKind::Abdomen), ("pelvis", SubjectKind::Pelvis)] {
        let subject = Subject::new(kind, seed, Family::DEMONSTRATION)?;
        for frame in 0..6 {
            let scan = subject.scan(&scanner, Duration::from_millis(500 + 3700 * frame), frame)?;
            write_pgm(&folder.join(format!("{name}-{frame}.pgm")), &scan.grey)?;
            write_pgm(&folder.join(format!("{name}-{frame}-truth.pgm")), &(scan.vessels * 255))?;
        }
    }
    Ok(())
}

/// Binary portable grey map: a short text header, then the bytes row by row.
fn write_pgm(path: &Path, image: &Array2<u8>) -> io::Result<()> {
    let (rows, columns) = image.dim();
    let mut bytes = format!("P5\n{columns} {rows}\n255\n").into_bytes();
    bytes.extend(image.iter());
    std::fs::write(path, bytes)
}
