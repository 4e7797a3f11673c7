//! Writes pictures of simulated patients to a folder: `cargo run -p simulation --example anatomy_pictures -- FOLDER`.

use std::error::Error;
use std::path::Path;

use messages::Point;
use nalgebra::Point3;
use simulation::anatomy::Anatomy;
use simulation::anatomy::abdomen::{AbdomenSettings, abdomen};
use simulation::anatomy::bounds::Bounds;
use simulation::anatomy::family::Family;
use simulation::anatomy::grid::Grid;
use simulation::anatomy::images::{Phase, cone_beam_volume, ct_volume, mr_volume};
use simulation::anatomy::pelvis::pelvis;
use simulation::anatomy::structure::{StructureKind, Tissue};

const SCALE: f64 = 2.0;

fn colour(kind: StructureKind) -> [u8; 3] {
    match kind {
        StructureKind::PortalVein => [80, 120, 255],
        StructureKind::HepaticVein => [60, 220, 220],
        StructureKind::Vein => [40, 90, 160],
        StructureKind::Artery => [255, 60, 60],
        StructureKind::Tumour => [230, 220, 60],
        StructureKind::LymphNode => [80, 220, 80],
        StructureKind::Cavity => [40, 60, 120],
        StructureKind::Nerve => [255, 255, 140],
        StructureKind::Ureter => [255, 150, 40],
        StructureKind::Bone => [235, 235, 220],
        StructureKind::Gas => [20, 20, 60],
        StructureKind::Liver => [140, 80, 60],
        StructureKind::Kidney => [170, 100, 100],
        StructureKind::Spleen => [120, 60, 110],
        StructureKind::Bladder => [200, 200, 120],
        StructureKind::Gallbladder => [90, 160, 70],
        StructureKind::Muscle => [130, 60, 60],
    }
}

/// Tubes and tumours seen along `axis` (1: from the front, 2: from the feet), nearer ones brighter.
fn projection(
    patient: &Anatomy,
    axis: usize,
    shown: &dyn Fn(StructureKind) -> bool,
) -> (usize, usize, Vec<u8>) {
    let mut bounds = Bounds::empty();
    for s in patient.structures().iter().filter(|s| shown(s.kind)) {
        bounds = bounds.with(&s.bounds());
    }
    let up = if axis == 1 { 2 } else { 1 };
    let width = ((bounds.high.x - bounds.low.x) * SCALE) as usize + 1;
    let height = ((bounds.high[up] - bounds.low[up]) * SCALE) as usize + 1;
    let mut pixels = vec![255_u8; width * height * 3];
    let mut depths = vec![f64::INFINITY; width * height];
    for s in patient.structures().iter().filter(|s| shown(s.kind)) {
        let Some(tubes) = s.as_tubes() else { continue };
        for segment in tubes.segments() {
            let length = (segment.end - segment.start).norm();
            let steps = (length * 3.0).ceil() as usize + 1;
            for i in 0..=steps {
                let t = i as f64 / steps as f64;
                let c = segment.start + (segment.end - segment.start) * t;
                let r =
                    segment.start_radius_mm + t * (segment.end_radius_mm - segment.start_radius_mm);
                let reach = (r * SCALE).ceil() as i64;
                let u = (c.x - bounds.low.x) * SCALE;
                let v = if up == 2 {
                    (bounds.high.z - c.z) * SCALE
                } else {
                    (c.y - bounds.low.y) * SCALE
                };
                for dv in -reach..=reach {
                    for du in -reach..=reach {
                        let (px, py) = (u.round() as i64 + du, v.round() as i64 + dv);
                        let d = ((px as f64 - u).powi(2) + (py as f64 - v).powi(2)).sqrt() / SCALE;
                        if d > r.max(0.4)
                            || px < 0
                            || py < 0
                            || px >= width as i64
                            || py >= height as i64
                        {
                            continue;
                        }
                        let rise = (r * r - d * d).max(0.0).sqrt();
                        let depth = if axis == 1 { c.y - rise } else { c.z - rise };
                        let index = py as usize * width + px as usize;
                        if depth < depths[index] {
                            depths[index] = depth;
                            let shade = 0.35 + 0.65 * rise / r;
                            for (k, value) in colour(s.kind).iter().enumerate() {
                                pixels[index * 3 + k] = (f64::from(*value) * shade) as u8;
                            }
                        }
                    }
                }
            }
        }
    }
    (width, height, pixels)
}

/// A slice through everything; `axis` 2 is axial, 1 coronal.
fn slice(patient: &Anatomy, axis: usize, at: f64) -> (usize, usize, Vec<u8>) {
    let bounds = patient.bounds().grown(20.0);
    let up = if axis == 1 { 2 } else { 1 };
    let width = ((bounds.high.x - bounds.low.x) * SCALE) as usize;
    let height = ((bounds.high[up] - bounds.low[up]) * SCALE) as usize;
    let mut pixels = Vec::new();
    for row in 0..height {
        for column in 0..width {
            let x = bounds.low.x + column as f64 / SCALE;
            let point = if axis == 1 {
                Point3::new(x, at, bounds.high.z - row as f64 / SCALE)
            } else {
                Point3::new(x, bounds.low.y + row as f64 / SCALE, at)
            };
            pixels.extend(match patient.tissue_at(Point::new(point)) {
                Tissue::Air => [0, 0, 0],
                Tissue::Skin => [240, 200, 180],
                Tissue::Fat => [200, 190, 120],
                Tissue::WallMuscle => [120, 50, 50],
                Tissue::Viscera => [90, 85, 70],
                Tissue::Structure(kind) => colour(kind),
            });
        }
    }
    (width, height, pixels)
}

fn write(path: &Path, (width, height, pixels): (usize, usize, Vec<u8>)) -> std::io::Result<()> {
    let mut bytes = format!("P6\n{width} {height}\n255\n").into_bytes();
    bytes.extend(pixels);
    std::fs::write(path, bytes)
}

/// A slice of a volume and its maximum projection from the front, grey from `low` to `high`.
fn grey(grid: &Grid, values: &[i16], (low, high): (f64, f64)) -> [(usize, usize, Vec<u8>); 3] {
    let [nx, ny, nz] = grid.size();
    let shade = |v: i16| (255.0 * (f64::from(v) - low) / (high - low)).clamp(0.0, 255.0) as u8;
    let at = |x: usize, y: usize, z: usize| values[(z * ny + y) * nx + x];
    let mut axial = Vec::new();
    for y in 0..ny {
        axial.extend((0..nx).flat_map(|x| [shade(at(x, y, nz / 2)); 3]));
    }
    let mut coronal = Vec::new();
    let mut brightest = Vec::new();
    for z in (0..nz).rev() {
        coronal.extend((0..nx).flat_map(|x| [shade(at(x, ny / 2, z)); 3]));
        let most = |x| (0..ny).map(|y| at(x, y, z)).max().unwrap_or(0);
        brightest.extend((0..nx).flat_map(|x| [shade(most(x)); 3]));
    }
    [(nx, ny, axial), (nx, nz, coronal), (nx, nz, brightest)]
}

fn images(patient: &Anatomy, name: &str, folder: &Path) -> Result<(), Box<dyn Error>> {
    let low = Point3::new(-150.0, 20.0, -100.0);
    let grid = Grid::new([200, 160, 160], [1.25; 3], low)?;
    let volumes = [
        ("ct", ct_volume(patient, &grid, Phase::PortalVenous, 1, 2), (0.0, 230.0)),
        ("mr", mr_volume(patient, &grid, 1, 2), (0.0, 650.0)),
        (
            "cone",
            cone_beam_volume(patient, &grid, Phase::PortalVenous, 95.0, 1, 2),
            (-100.0, 250.0),
        ),
    ];
    for (kind, values, window) in volumes {
        for (view, picture) in ["axial", "coronal", "mip"].iter().zip(grey(&grid, &values, window))
        {
            write(&folder.join(format!("{kind}_{view}_{name}.ppm")), picture)?;
        }
    }
    Ok(())
}

/// `cargo run -p simulation --example anatomy_pictures -- FOLDER`
fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("expected a folder: pictures FOLDER")?;
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder)?;
    for (seed, family) in Family::ALL.into_iter().enumerate() {
        let patient = abdomen(seed as u64, family, &AbdomenSettings::default())?;
        let portal = |k: StructureKind| k == StructureKind::PortalVein;
        write(
            &folder.join(format!("front_{seed}.ppm")),
            projection(&patient, 1, &StructureKind::is_vessel),
        )?;
        write(&folder.join(format!("portal_{seed}.ppm")), projection(&patient, 1, &portal))?;
        write(
            &folder.join(format!("feet_{seed}.ppm")),
            projection(&patient, 2, &StructureKind::is_vessel),
        )?;
        write(&folder.join(format!("axial_{seed}.ppm")), slice(&patient, 2, 5.0))?;
        write(&folder.join(format!("coronal_{seed}.ppm")), slice(&patient, 1, 100.0))?;
        if seed < 2 {
            images(&patient, &seed.to_string(), folder)?;
        }
        let patient = pelvis(seed as u64, family)?;
        let soft = |k: StructureKind| !matches!(k, StructureKind::Bone | StructureKind::Muscle);
        write(&folder.join(format!("pelvis_front_{seed}.ppm")), projection(&patient, 1, &soft))?;
        write(&folder.join(format!("pelvis_axial_{seed}.ppm")), slice(&patient, 2, -20.0))?;
        write(&folder.join(format!("pelvis_coronal_{seed}.ppm")), slice(&patient, 1, 118.0))?;
    }
    Ok(())
}
