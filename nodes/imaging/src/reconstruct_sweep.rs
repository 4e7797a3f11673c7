//! The tool `reconstruct`: a volume of a tracked sweep in a PLUS sequence, as PLUS makes it.

mod arguments;
mod grid;
mod image_area;
mod report;

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use clap::Parser as _;
use formats::metaimage::{Limits, Pixels};
use formats::placed_volume::{PlacedVolume, VolumeKind};
use formats::plus_config;
use formats::plus_sequence::{self, FrameReader};
use formats::plus_transforms::{Chain, NoChain};
use messages::{Affine, Image, Patient, Volume};
use runtime::clock;

use crate::image_area::NotFound;
use crate::progress::{Progress, since};
use crate::reconstruct::settings::{Compounding, Grid, Invalid, Settings};
use crate::reconstruct::{NoVolume, Reconstruction, Refused};
use crate::{files, importance_file};
use arguments::{Arguments, Plan};
pub use report::Report;

/// Why there is no volume.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be opened, read or written.
    #[error(transparent)]
    File(#[from] files::Error),
    /// The device set is wrong.
    #[error("{}: {source}", .path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// Why.
        source: plus_config::Error,
    },
    /// The images cannot be placed.
    #[error("{0}; --image-frame and --reference-frame name others, --config gives a calibration")]
    NoChain(#[from] NoChain),
    /// The volume to be like is turned.
    #[error(
        "the axes of {} are turned against the reference frame; give a volume whose axes are 1 0 0, 0 1 0 and 0 0 1",
        .0.display()
    )]
    Turned(PathBuf),
    /// No image has a place.
    #[error("none of the {images} images has a place: {hidden} times a tool was not seen")]
    NothingPlaced {
        /// Images of the sequence.
        images: usize,
        /// Those in which a tool was not seen.
        hidden: usize,
    },
    /// The sequence has no images.
    #[error("{} has poses only; give the sequence with the images", .0.display())]
    PosesOnly(PathBuf),
    /// The picture of importance cannot be used.
    #[error(transparent)]
    Importance(#[from] importance_file::Error),
    /// Compounding by importance without a picture.
    #[error(
        "compounding by importance needs a picture of it: give --importance FILE.png, or ImportanceMaskFilename in the device set"
    )]
    NoImportance,
    /// The image area is not found.
    #[error(transparent)]
    ImageArea(#[from] NotFound),
    /// A setting makes no sense.
    #[error(transparent)]
    Settings(#[from] Invalid),
    /// An image cannot be pasted.
    #[error("image {index}: {source}")]
    Image {
        /// Counted from 0.
        index: usize,
        /// Why.
        source: Refused,
    },
    /// The volume cannot be given.
    #[error(transparent)]
    NoVolume(#[from] NoVolume),
}

/// Runs the tool.
pub fn run(words: &[String]) -> ExitCode {
    let name = std::iter::once("vesalius reconstruct".to_owned());
    let arguments = Arguments::parse_from(name.chain(words.iter().cloned()));
    match reconstruct(&arguments) {
        Ok(report) if arguments.json => {
            println!("{}", serde_json::to_string_pretty(&report).unwrap_or_default());
            ExitCode::SUCCESS
        }
        Ok(report) => {
            print!("{}", report.text());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn reconstruct(arguments: &Arguments) -> Result<Report, Error> {
    let kind = VolumeKind::from_file_name(&arguments.output.to_string_lossy());
    let kind =
        kind.map_err(|source| files::Error::Volume { path: arguments.output.clone(), source })?;
    let mut plan = arguments.plan()?;
    let sweep = Sweep::open(&arguments.sweep, &plan)?;
    let find = || image_area::limit(&arguments.sweep, &mut plan);
    let image_area = arguments.find_image_area.then(find).transpose()?;
    let grid = match &arguments.like {
        Some(path) => like(path)?,
        None => sweep.grid(&plan)?,
    };
    let settings = Settings { grid: Some(grid), ..plan.settings.clone() };
    let mut reconstruction = Reconstruction::new(settings)?;
    if plan.settings.compounding == Compounding::Importance {
        let path = plan.importance.as_deref().ok_or(Error::NoImportance)?;
        reconstruction.set_importance(importance_file::read(path)?);
    }
    let mut report = Report { image_area, ..sweep.report(arguments, &plan, grid) };
    sweep.paste(&mut reconstruction, &plan, &mut report)?;
    let filled = reconstruction.filled_volume(&plan.ways_to_fill)?;
    (report.voxels_met, report.voxels_filled) = (filled.met, filled.filled);
    report.peak_memory_mib = peak_memory_mib();
    write(&arguments.output, &kind, &filled.volume)?;
    Ok(report)
}

/// A sequence, and where its images lie.
struct Sweep {
    path: PathBuf,
    reader: FrameReader<BufReader<File>>,
    places: Vec<Option<Affine<Patient, Image>>>,
    size_px: (usize, usize),
}

impl Sweep {
    fn open(path: &Path, plan: &Plan) -> Result<Self, Error> {
        let file = File::open(path).map_err(|source| files::Error::open(path, source))?;
        let source = BufReader::with_capacity(1 << 18, file);
        let reader = FrameReader::open(source, &Limits::default())
            .map_err(|source| files::Error::Sequence { path: path.to_owned(), source })?;
        let header = reader.header();
        let Some(format) = &header.images else {
            return Err(Error::PosesOnly(path.to_owned()));
        };
        let (width, height) = (format.width_px, format.height_px);
        let size_px = format
            .orientation
            .map_or((width, height), |orientation| orientation.mf_size(width, height));
        let chain =
            Chain::find(&plan.config, &header.frames, &plan.image_frame, &plan.reference_frame)?;
        let place = |frame| Affine::from_matrix(&chain.matrix(frame)?).ok();
        let places = header.frames.iter().map(place).collect();
        Ok(Self { path: path.to_owned(), reader, places, size_px })
    }

    /// The voxels around all images that are used.
    fn grid(&self, plan: &Plan) -> Result<Grid, Error> {
        let places = self.places.iter().flatten().copied();
        grid::grid(plan, places, self.size_px).ok_or(Error::NothingPlaced {
            images: self.places.len(),
            hidden: self.places.iter().filter(|place| place.is_none()).count(),
        })
    }

    fn report(&self, arguments: &Arguments, plan: &Plan, grid: Grid) -> Report {
        Report {
            sweep: self.path.clone(),
            output: arguments.output.clone(),
            reference_frame: plan.reference_frame.clone(),
            image_frame: plan.image_frame.clone(),
            images: self.places.len(),
            pasted: 0,
            hidden: 0,
            without_image: 0,
            skipped: 0,
            dark: 0,
            image_area: None,
            interpolation: plan.settings.distribution,
            compounding: plan.settings.compounding,
            arithmetic: plan.settings.arithmetic,
            size: grid.size,
            spacing_mm: grid.spacing_mm,
            origin_mm: grid.origin_mm,
            voxels_met: 0,
            voxels_filled: 0,
            threads: arguments.threads,
            seconds: 0.0,
            pasting_seconds: 0.0,
            images_per_second: 0.0,
            peak_memory_mib: None,
            remarks: plan.remarks.clone(),
        }
    }

    /// Pastes all images; the next is read from the file meanwhile.
    fn paste(
        self,
        reconstruction: &mut Reconstruction,
        plan: &Plan,
        report: &mut Report,
    ) -> Result<(), Error> {
        let Self { path, mut reader, places, .. } = self;
        let header = reader.shared_header();
        let started = clock::monotonic();
        let (send, images) = sync_channel::<Result<(usize, Vec<u8>), plus_sequence::Error>>(2);
        let (give_back, used) = sync_channel::<Vec<u8>>(4);
        thread::scope(|scope| {
            scope.spawn(move || {
                loop {
                    let mut pixels = used.try_recv().unwrap_or_default();
                    let read = match reader.read_frame(&mut pixels) {
                        Ok(None) => return,
                        Ok(Some(index)) => Ok((index, pixels)),
                        Err(error) => Err(error),
                    };
                    // Whoever pastes has failed and will hear no more.
                    if send.send(read).is_err() {
                        return;
                    }
                }
            });
            // The receiver is dropped with this block, so that the reading thread never waits for a failed one.
            let images: Receiver<_> = images;
            let mut progress = Progress::new("images", Some(places.len()));
            for read in &images {
                let (index, pixels) =
                    read.map_err(|source| files::Error::Sequence { path: path.clone(), source })?;
                progress.tell(index);
                if index % plan.skip_interval != 0 {
                    report.skipped += 1;
                } else if let Some(place) = &places[index] {
                    match header.gray_image(index, &pixels) {
                        Ok(image) => {
                            let before = clock::monotonic();
                            let (width, height) = (image.width_px, image.height_px);
                            let pasted = reconstruction
                                .insert(&image.pixels, width, height, place)
                                .map_err(|source| Error::Image { index, source })?;
                            if pasted == 0 && plan.settings.fan_angle_detection.is_some() {
                                report.dark += 1;
                            } else {
                                report.pasted += 1;
                            }
                            report.pasting_seconds += since(before).as_secs_f64();
                        }
                        Err(_) if !header.frames[index].image_status.is_usable() => {
                            report.without_image += 1;
                        }
                        Err(source) => {
                            return Err(Error::File(files::Error::Sequence {
                                path: path.clone(),
                                source,
                            }));
                        }
                    }
                } else {
                    report.hidden += 1;
                }
                // A buffer that is not needed is dropped.
                let _ = give_back.try_send(pixels);
            }
            Ok(())
        })?;
        report.seconds = since(started).as_secs_f64();
        report.images_per_second = report.pasted as f64 / report.seconds.max(1e-9);
        Ok(())
    }
}

/// The voxels of a volume, if its axes are those of its frame.
fn like(path: &Path) -> Result<Grid, Error> {
    let bytes = files::read(path)?;
    let beside = |name: &str| std::fs::read(path.with_file_name(name));
    let volume =
        PlacedVolume::read_named(&path.to_string_lossy(), &bytes, &Limits::default(), beside)
            .map_err(|source| files::Error::Volume { path: path.to_owned(), source })?;
    let map = volume.lps_from_voxel;
    let spacing_mm = [0, 1, 2].map(|axis| map[(axis, axis)]);
    let straight = (0..3).all(|row| {
        (0..3).all(|column| {
            row == column || map[(row, column)].abs() <= 1e-6 * spacing_mm[column].abs()
        })
    });
    if !straight || spacing_mm.iter().any(|spacing| *spacing <= 0.0) {
        return Err(Error::Turned(path.to_owned()));
    }
    let origin_mm = [0, 1, 2].map(|axis| map[(axis, 3)]);
    Ok(Grid { origin_mm, spacing_mm, size: volume.dims.map(|size| size as u32) })
}

/// The most memory that this process has had until now.
fn peak_memory_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kib / 1024.0)
}

fn write(path: &Path, kind: &VolumeKind, volume: &Volume) -> Result<(), Error> {
    let mut lps_from_voxel = nalgebra::Matrix4::identity();
    lps_from_voxel.fixed_view_mut::<3, 4>(0, 0).copy_from(volume.patient_from_voxel.rows());
    let placed = PlacedVolume {
        dims: volume.size.map(|size| size as usize),
        lps_from_voxel,
        voxels: Pixels::U8(volume.voxels.as_slice().to_vec()),
    };
    let written = placed.write(kind, true);
    let written =
        written.map_err(|source| files::Error::Volume { path: path.to_owned(), source })?;
    if let Some((name, bytes)) = &written.beside {
        files::write(&path.with_file_name(name), bytes)?;
    }
    Ok(files::write(path, &written.bytes)?)
}
