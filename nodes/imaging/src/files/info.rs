//! The tool `info`: what a file holds.

use std::fmt::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::Parser;
use formats::dicom;
use formats::metaimage::Limits;
use formats::shape_summary;
use formats::summary::{SequenceSummary, Summary, VolumeSummary};
use formats::surface_file::Space;
use serde_json::{Value, json};

use super::convert::SpaceName;
use super::{Content, Error, dicom_files, read, secret, video};

/// Tells what a file holds: a volume, a tracked sequence, a video, a surface, a vessel tree, a folder of DICOM, a recording.
///
/// Of videos the programs `ffprobe` and `ffmpeg` tell; `apt install ffmpeg` installs both.
#[derive(Debug, Parser)]
#[command(name = "vesalius info")]
struct Arguments {
    /// The file, the folder of DICOM files, or the session folder of a recording.
    path: PathBuf,
    /// How the axes lie in a surface or tree that does not say.
    #[arg(long, value_enum)]
    space: Option<SpaceName>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the tool.
pub fn run(words: &[String]) -> ExitCode {
    let name = std::iter::once("vesalius info".to_owned());
    let arguments = Arguments::parse_from(name.chain(words.iter().cloned()));
    if is_recording(&arguments.path) {
        return recording_info(&arguments);
    }
    match told(&arguments) {
        Ok((json, _)) if arguments.json => {
            println!("{}", serde_json::to_string_pretty(&json).unwrap_or_default());
            ExitCode::SUCCESS
        }
        Ok((_, text)) => {
            println!("{}", text.trim_end());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn is_recording(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "mcap") || path.join("session.json").is_file()
}

/// Recordings have a tool of their own, in the executable beside this one.
fn recording_info(arguments: &Arguments) -> ExitCode {
    let beside = std::env::current_exe().map(|path| path.with_file_name("vesalius-recordings"));
    let program = beside.unwrap_or_else(|_| "vesalius-recordings".into());
    let mut command = Command::new(&program);
    command.arg("recording-info").arg(&arguments.path);
    if arguments.json {
        command.arg("--json");
    }
    let error = command.exec();
    eprintln!("error: cannot start {}: {error}; is it built?", program.display());
    ExitCode::FAILURE
}

/// As JSON and for people.
fn told(arguments: &Arguments) -> Result<(Value, String), Error> {
    let path = &arguments.path;
    if path.is_dir() {
        return folder(path);
    }
    if video::is_video(path) {
        return video::told(path);
    }
    let bytes = read(path)?;
    match Content::of(&bytes) {
        Content::Dicom => {
            let name = path.display().to_string();
            series(path, [(name, bytes)])
        }
        Content::VolumeOrSequence => {
            let beside = |name: &str| std::fs::read(path.with_file_name(name));
            let summary =
                Summary::read(&path.to_string_lossy(), &bytes, &Limits::default(), beside);
            Ok(match summary.map_err(|source| Error::Summary { path: path.clone(), source })? {
                Summary::Volume(volume) => of_volume(&volume),
                Summary::Sequence(sequence) => of_sequence(&sequence),
            })
        }
        Content::Shape => {
            let unless_said = arguments.space.map_or(Space::default(), Space::from);
            let shape = shape_summary::Summary::read(&bytes, unless_said);
            let shape = shape.map_err(|source| Error::Shape { path: path.clone(), source })?;
            Ok(of_shape(&shape))
        }
    }
}

fn folder(path: &Path) -> Result<(Value, String), Error> {
    series(path, dicom_files(path)?)
}

fn series(
    path: &Path,
    files: impl IntoIterator<Item = (String, Vec<u8>)>,
) -> Result<(Value, String), Error> {
    let found = dicom::list_series(files, &secret(), &Limits::default())
        .map_err(|source| Error::Series { path: path.to_owned(), source: Box::new(source) })?;
    let mut text = format!("DICOM, {} series\n", found.len());
    let mut listed = vec![];
    for (index, series) in found.iter().enumerate() {
        // Keys are those of this run, and say nothing to anybody.
        let said = series.to_string();
        let said = said.split(", key ").next().unwrap_or_default();
        let _ = writeln!(text, "  {index}  {said}");
        listed.push(json!({
            "index": index,
            "number": series.number,
            "modality": series.modality.to_string(),
            "images": series.images,
            "rows_columns": series.size,
            "is_localizer": series.is_localizer,
        }));
    }
    Ok((json!({ "kind": "dicom", "series": listed }), text))
}

fn of_volume(volume: &VolumeSummary) -> (Value, String) {
    let json = json!({
        "kind": "volume",
        "format": volume.format,
        "size": volume.dims,
        "spacing_mm": volume.spacing_mm,
        "origin_mm": volume.origin_mm,
        "extent_mm": volume.extent_mm(),
        "direction": volume.direction(),
        "is_mirrored": volume.is_mirrored,
        "type": volume.scalar_name,
        "range": volume.range,
        "not_finite": volume.not_finite,
    });
    let [x, y, z] = volume.dims;
    let mm = |numbers: [f64; 3], between: &str| {
        numbers.map(|number| format!("{}", (number * 1e4).round() / 1e4)).join(between)
    };
    let mut text =
        format!("{}: a volume of {x}×{y}×{z} voxels, {}\n", volume.format, volume.scalar_name);
    let _ = writeln!(
        text,
        "  spacing    {} mm, {} mm in all",
        mm(volume.spacing_mm, " × "),
        mm(volume.extent_mm(), " × ")
    );
    let _ = writeln!(text, "  origin     {} mm, LPS", mm(volume.origin_mm, ", "));
    let _ = writeln!(text, "  direction  {}", volume.direction());
    if volume.is_mirrored {
        text.push_str("             mirrored: the axes are left-handed\n");
    }
    if let Some([least, most]) = volume.range {
        let _ = writeln!(text, "  values     {least} to {most}");
    }
    if volume.not_finite > 0 {
        let _ = writeln!(text, "  {} voxels are NaN or infinite", volume.not_finite);
    }
    (json, text)
}

fn of_sequence(sequence: &SequenceSummary) -> (Value, String) {
    let tools: Vec<Value> = sequence
        .tools
        .iter()
        .map(|tool| {
            let name = tool.name.to_string();
            json!({ "transform": name, "frames": tool.named, "seen": tool.seen, "share_seen": tool.share_seen })
        })
        .collect();
    let images = sequence.images.as_ref().map(|images| {
        json!({
            "width_px": images.format.width_px,
            "height_px": images.format.height_px,
            "channels": images.format.channels,
            "type": images.scalar_name,
            "orientation": images.format.orientation.map(|orientation| orientation.to_string()),
            "image_type": images.format.image_type,
            "range": images.range,
        })
    });
    let json = json!({
        "kind": "sequence",
        "format": sequence.format,
        "frames": sequence.frames,
        "starts_at_s": sequence.starts_at_s,
        "duration_s": sequence.duration_s,
        "rate_hz": sequence.rate_hz(),
        "median_gap_s": sequence.median_gap_s,
        "largest_gap_s": sequence.largest_gap.map(|(gap, _)| gap),
        "largest_gap_before_frame": sequence.largest_gap.map(|(_, frame)| frame),
        "images": images,
        "frames_without_image": sequence.frames_without_image,
        "steps_back": sequence.steps_back,
        "tools": tools,
    });
    let mut text = format!(
        "{}: a sequence of {} frames, {:.3} s",
        sequence.format, sequence.frames, sequence.duration_s
    );
    if let Some(rate) = sequence.rate_hz() {
        let _ = write!(text, ", {rate:.1} Hz");
    }
    text.push('\n');
    if let Some((gap, frame)) = sequence.largest_gap {
        let _ = writeln!(text, "  largest gap  {:.1} ms, before frame {frame}", gap * 1e3);
    }
    match &sequence.images {
        None => text.push_str("  images       none: poses only\n"),
        Some(images) => {
            let orientation = images.format.orientation.map(|orientation| orientation.to_string());
            let _ = writeln!(
                text,
                "  images       {}×{} px, {} {}, orientation {}",
                images.format.width_px,
                images.format.height_px,
                images.scalar_name,
                images.format.image_type,
                orientation.as_deref().unwrap_or("not said")
            );
        }
    }
    if sequence.frames_without_image > 0 {
        let _ = writeln!(text, "  without an image: {} frames", sequence.frames_without_image);
    }
    if sequence.steps_back > 0 {
        let _ = writeln!(text, "  time steps back {} times", sequence.steps_back);
    }
    for tool in &sequence.tools {
        let _ = writeln!(
            text,
            "  {:<28} seen in {} of {} frames",
            tool.name.to_string(),
            tool.seen,
            sequence.frames
        );
    }
    (json, text)
}

fn of_shape(shape: &shape_summary::Summary) -> (Value, String) {
    let said = shape.said.map(|space| format!("{space:?}").to_uppercase());
    let json = json!({
        "kind": "shape",
        "format": shape.kind.to_string(),
        "vertices": shape.vertices,
        "triangles": shape.triangles,
        "open_edges": shape.open_edges,
        "branching_edges": shape.branching_edges,
        "is_closed": shape.is_closed(),
        "lines": shape.lines,
        "length_mm": shape.length_mm,
        "radius_mm": shape.radius_mm,
        "bounds_mm": shape.bounds_mm,
        "arrays": shape.arrays,
        "space": said,
    });
    let mut text = format!("{}: {} vertices", shape.kind, shape.vertices);
    if shape.triangles > 0 {
        let closed = if shape.is_closed() {
            "closed".to_owned()
        } else {
            format!("{} open edges", shape.open_edges)
        };
        let _ = write!(text, ", {} triangles, {closed}", shape.triangles);
    }
    if shape.lines > 0 {
        let _ = write!(text, ", {} lines of {:.1} mm", shape.lines, shape.length_mm);
    }
    text.push('\n');
    if let Some([least, most]) = shape.radius_mm {
        let _ = writeln!(text, "  radius  {least:.2} to {most:.2} mm");
    }
    let [low, high] = shape.bounds_mm;
    let _ = writeln!(
        text,
        "  bounds  x {:.1} to {:.1}, y {:.1} to {:.1}, z {:.1} to {:.1} mm, LPS",
        low[0], high[0], low[1], high[1], low[2], high[2]
    );
    let _ = writeln!(
        text,
        "  space   {}",
        said.as_deref().unwrap_or("not said by the file; LPS unless --space says otherwise")
    );
    if !shape.arrays.is_empty() {
        let _ = writeln!(text, "  arrays  {}", shape.arrays.join(", "));
    }
    (json, text)
}
