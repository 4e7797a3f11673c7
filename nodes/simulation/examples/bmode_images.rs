//! Writes frames of the simulated sweep with their true vessels, and training samples, as PGM images.
//!
//! `cargo run -p simulation --example bmode_images -- FOLDER [SEED]`

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use ndarray::Array2;
use simulation::{
    Family, ProbeMotion, ScanGeometry, Scanner, ScannerSettings, SimulatedPatient, training_sample,
    vessel_mask,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("name a folder to write the images to")?;
    let seed: u64 = arguments.next().map_or(Ok(1), |text| text.parse())?;
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder)?;

    let scanner = Scanner::new(ScanGeometry::default(), ScannerSettings::default())?;
    let patient = SimulatedPatient::new(seed, Family::DEMONSTRATION);
    let motion = ProbeMotion::new(seed);
    for frame in 0..8 {
        let pose = motion.patient_from_probe(Duration::from_millis(2500 * frame));
        let image = scanner.image(&patient, &pose, frame);
        write_pgm(&folder.join(format!("sweep-{frame}.pgm")), &image)?;
        let truth = vessel_mask(&patient, scanner.geometry(), &pose) * 255;
        write_pgm(&folder.join(format!("sweep-{frame}-truth.pgm")), &truth)?;
    }
    for index in 0..8 {
        let (image, mask) = training_sample(seed, index)?;
        write_pgm(&folder.join(format!("training-{index}.pgm")), &image)?;
        write_pgm(&folder.join(format!("training-{index}-truth.pgm")), &(mask * 255))?;
    }
    writeln!(io::stdout(), "wrote 32 images to {}", folder.display())?;
    Ok(())
}

/// Binary portable grey map: a short text header, then the bytes row by row.
fn write_pgm(path: &Path, image: &Array2<u8>) -> io::Result<()> {
    let (rows, columns) = image.dim();
    let mut bytes = format!("P5\n{columns} {rows}\n255\n").into_bytes();
    bytes.extend(image.iter());
    std::fs::write(path, bytes)
}
