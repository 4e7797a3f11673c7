//! The tool `convert`: a file of one kind as one of another.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use formats::dicom;
use formats::metaimage::Limits;
use formats::placed_volume::{self, PlacedVolume, VolumeKind};
use formats::plus_sequence::{Orientation, Sequence};
use formats::surface_file::{Space, Surface, SurfaceKind};
use formats::tree_file::{Tree, TreeKind};

use super::{Content, Error, dicom_files, name, read, secret, series, video, write};

/// Writes a file as another kind, which the ending of its name says.
///
/// Volumes (MetaImage, NRRD, NIfTI, a folder of DICOM) as .mha .mhd .nrrd .nhdr .nii .nii.gz; sequences (PLUS) as
/// .igs.mha .igs.nrrd; videos (.mkv .mp4 .mov .avi .webm .mpg and others, through the programs `ffprobe` and `ffmpeg`)
/// as sequences of gray images; surfaces (STL, PLY, VTP, VTK) as .stl .ply .vtp .vtk; vessel trees (VTP, VTK) as .vtp .vtk.
/// Places in the body stay what they are: files in RAS are turned to LPS, which is what is written, and said, where a
/// kind has a place for it.
#[derive(Debug, Parser)]
#[command(name = "vesalius convert")]
struct Arguments {
    /// The file, or the folder of DICOM files.
    input: PathBuf,
    /// The file to write.
    output: PathBuf,
    /// How the axes lie in a surface or tree that does not say.
    #[arg(long, value_enum)]
    space: Option<SpaceName>,
    /// Which series of a folder, as `vesalius info` counts them.
    #[arg(long)]
    series: Option<usize>,
    /// How the images of a video lie: MF if the probe is above and its marked side to the right; else MN, UF, UN, FM, FU,
    /// NM or NU.
    #[arg(long)]
    orientation: Option<Orientation>,
    /// Leaves voxels and pixels uncompressed.
    #[arg(long)]
    uncompressed: bool,
}

/// [`Space`] as a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum SpaceName {
    /// To the patient's left, back and head.
    Lps,
    /// To the patient's right, front and head.
    Ras,
}

impl From<SpaceName> for Space {
    fn from(name: SpaceName) -> Self {
        match name {
            SpaceName::Lps => Self::Lps,
            SpaceName::Ras => Self::Ras,
        }
    }
}

/// Runs the tool.
pub fn run(words: &[String]) -> ExitCode {
    let name = std::iter::once("vesalius convert".to_owned());
    let arguments = Arguments::parse_from(name.chain(words.iter().cloned()));
    match convert(&arguments) {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn convert(arguments: &Arguments) -> Result<String, Error> {
    let (input, output) = (&arguments.input, &arguments.output);
    let choice = arguments.series.map_or(dicom::Choice::Only, dicom::Choice::Index);
    if input.is_dir() {
        let series = series(input, dicom_files(input)?, choice, &secret())?;
        return volume(&series.volume, arguments);
    }
    if video::is_video(input) {
        return video::to_sequence(input, output, arguments.orientation, !arguments.uncompressed);
    }
    let bytes = read(input)?;
    match Content::of(&bytes) {
        Content::Dicom => {
            // One file may be a whole volume, if it is an enhanced one.
            let name = input.display().to_string();
            let series = series(input, [(name, bytes)], choice, &secret())?;
            volume(&series.volume, arguments)
        }
        Content::VolumeOrSequence => {
            let beside = |name: &str| std::fs::read(input.with_file_name(name));
            let name = input.to_string_lossy();
            match PlacedVolume::read_named(&name, &bytes, &Limits::default(), beside) {
                Ok(found) => volume(&found, arguments),
                Err(placed_volume::Error::Sequence) => sequence(&bytes, arguments),
                Err(source) => Err(Error::Volume { path: input.clone(), source }),
            }
        }
        Content::Shape => {
            shape(&bytes, arguments).map(|what| format!("{}: {what}", output.display()))
        }
    }
}

fn volume(volume: &PlacedVolume, arguments: &Arguments) -> Result<String, Error> {
    let output = &arguments.output;
    let mismatch = |hint| Error::Mismatch {
        from: arguments.input.clone(),
        to: output.clone(),
        what: "a volume",
        hint,
    };
    if name(output).contains(".igs.") {
        return Err(mismatch("name a file of volumes: .mha, .mhd, .nrrd, .nhdr, .nii or .nii.gz"));
    }
    let wrong = |source| Error::Volume { path: output.clone(), source };
    let kind = VolumeKind::from_file_name(&output.to_string_lossy()).map_err(wrong)?;
    let written = volume.write(&kind, !arguments.uncompressed).map_err(wrong)?;
    if let Some((name, bytes)) = &written.beside {
        write(&output.with_file_name(name), bytes)?;
    }
    write(output, &written.bytes)?;
    let [x, y, z] = volume.dims;
    Ok(format!("{}: {x}×{y}×{z} voxels", output.display()))
}

fn sequence(bytes: &[u8], arguments: &Arguments) -> Result<String, Error> {
    let Arguments { input, output, uncompressed, .. } = arguments;
    let wrong = |source| Error::Sequence { path: input.clone(), source };
    let sequence = match Sequence::read(bytes, &Limits::default()) {
        Ok(sequence) => sequence,
        Err(error) => {
            let formats::plus_sequence::Error::MetaImage(formats::metaimage::Error::Detached {
                name,
            }) = &error
            else {
                return Err(wrong(error));
            };
            let data = read(&input.with_file_name(name))?;
            Sequence::read_detached(bytes, &data, &Limits::default()).map_err(wrong)?
        }
    };
    let name = name(output);
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    let written = match ending {
        Some("mha") => sequence.write(!uncompressed),
        Some("nrrd") => sequence.write_nrrd(!uncompressed),
        _ => {
            return Err(Error::Mismatch {
                from: input.clone(),
                to: output.clone(),
                what: "a sequence of images or poses",
                hint: "name a file of sequences, .igs.mha or .igs.nrrd; `vesalius reconstruct` makes a volume of one",
            });
        }
    };
    let written = written.map_err(|source| Error::Sequence { path: output.clone(), source })?;
    write(output, &written)?;
    Ok(format!("{}: {} frames", output.display(), sequence.header().frames.len()))
}

fn shape(bytes: &[u8], arguments: &Arguments) -> Result<String, Error> {
    let Arguments { input, output, space, .. } = arguments;
    let wrong = |source| Error::Shape { path: input.clone(), source };
    let unless_said = space.map_or(Space::default(), Space::from);
    let failed = |source| Error::Shape { path: output.clone(), source };
    // Lines without triangles are a tree.
    let (written, what, said) = match Surface::read(bytes, unless_said) {
        Ok(surface) => {
            let kind = SurfaceKind::from_file_name(&output.to_string_lossy()).map_err(failed)?;
            let what = format!("{} triangles", surface.triangles.len());
            (surface.write(kind).map_err(failed)?, what, surface.said)
        }
        Err(error) => {
            let Ok(tree) = Tree::read(bytes, unless_said) else { return Err(wrong(error)) };
            let kind = TreeKind::from_file_name(&output.to_string_lossy()).map_err(failed)?;
            let what = format!("{} lines", tree.lines.len());
            (tree.write(kind).map_err(failed)?, what, tree.said)
        }
    };
    write(output, &written)?;
    let note = match (said, space) {
        (None, None) => {
            "; the file does not say how its axes lie: LPS was taken, --space ras says otherwise"
        }
        _ => "",
    };
    Ok(format!("{what}{note}"))
}
