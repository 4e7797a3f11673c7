//! The device `sequence`: plays a PLUS sequence file at the pace at which it was recorded.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;
use std::time::Duration;

use formats::metaimage::Limits;
use formats::plus_sequence::{self, Frame, FrameReader, TransformStatus};
use messages::{Pose, ToolPoses, TrackedTool, Transform, UltrasoundImage};
use runtime::{Device, Reading, outputs};
use schemars::JsonSchema;
use serde::Deserialize;

/// Parameters of the device.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// The sequence file (`.mha`, `.igs.mha`).
    #[schemars(extend("format" = "input-file"))]
    pub path: PathBuf,
    /// The time in the file, in seconds, at which the procedure starts; by default that of its first
    /// frame. Give the same to all sequences that were recorded together.
    #[serde(default)]
    pub starts_at_s: Option<f64>,
    /// How far the clock of this file is ahead of the clock of the others, in milliseconds.
    #[serde(default)]
    pub clock_offset_ms: f64,
    /// The name of the tracking system in the names of the file's transforms: with `Tracker`, the
    /// transform `ProbeToTracker` is the pose of the tool `probe`.
    #[serde(default = "tracker")]
    #[schemars(default = "tracker")]
    pub tracker: String,
}

fn tracker() -> String {
    "Tracker".to_owned()
}

outputs! {
    /// What it plays: what the file has.
    pub enum Output { image => Image(UltrasoundImage), poses => Poses(ToolPoses) }
}

/// Why a sequence cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be opened.
    #[error("cannot open the sequence {path}: {source}")]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is damaged or no sequence.
    #[error("{path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: plus_sequence::Error,
    },
    /// A parameter is out of range.
    #[error("`{name}` must be a finite number, but is {value}")]
    NotFinite {
        /// Which.
        name: &'static str,
        /// What it is.
        value: f64,
    },
    /// There is nothing in the file.
    #[error("the sequence {0} has no frames")]
    Empty(PathBuf),
}

/// A PLUS sequence file as a device.
pub struct Sequence {
    path: PathBuf,
    tracker: String,
    reader: FrameReader<BufReader<File>>,
    /// Tools in the names of the transforms of any frame, and their names on the bus.
    tools: Vec<(String, String)>,
    starts_at_s: f64,
    pixels: Vec<u8>,
    /// A frame whose image was refused still has its poses.
    waiting: Option<(Duration, Vec<Output>)>,
}

impl Device for Sequence {
    type Parameters = Parameters;
    type Output = Output;
    type Error = Error;

    fn open(parameters: Parameters) -> Result<Self, Error> {
        let Parameters { path, starts_at_s, clock_offset_ms, tracker } = parameters;
        let given =
            [("starts_at_s", starts_at_s.unwrap_or(0.0)), ("clock_offset_ms", clock_offset_ms)];
        if let Some(&(name, value)) = given.iter().find(|(_, value)| !value.is_finite()) {
            return Err(Error::NotFinite { name, value });
        }
        let file =
            File::open(&path).map_err(|source| Error::Open { path: path.clone(), source })?;
        let reader = FrameReader::open(BufReader::with_capacity(1 << 16, file), &Limits::default())
            .map_err(|source| Error::Read { path: path.clone(), source })?;
        let frames = &reader.header().frames;
        let first = frames.first().ok_or_else(|| Error::Empty(path.clone()))?;
        let starts_at_s = starts_at_s.unwrap_or(first.timestamp_s) + clock_offset_ms * 1e-3;
        let mut tools: Vec<(String, String)> = frames
            .iter()
            .flat_map(|frame| frame.transforms.keys())
            .filter(|name| name.to == tracker)
            .map(|name| (name.from.clone(), tool_name(&name.from)))
            .collect();
        tools.sort();
        tools.dedup();
        Ok(Self { path, tracker, tools, starts_at_s, pixels: Vec::new(), waiting: None, reader })
    }

    fn read(&mut self) -> Result<Reading<Output>, Error> {
        if let Some((since_start, outputs)) = self.waiting.take() {
            return Ok(Reading::Scheduled { since_start, outputs });
        }
        let mut pixels = std::mem::take(&mut self.pixels);
        let index = loop {
            let read = self.reader.read_frame(&mut pixels);
            let index = read.map_err(|source| Error::Read { path: self.path.clone(), source })?;
            match index {
                None => return Ok(Reading::End),
                // What was before the start of the procedure is not part of it.
                Some(index)
                    if self.reader.header().frames[index].timestamp_s < self.starts_at_s => {}
                Some(index) => break index,
            }
        };
        let header = self.reader.header();
        let frame = &header.frames[index];
        let since_start = Duration::from_secs_f64(frame.timestamp_s - self.starts_at_s);
        let mut outputs = Vec::new();
        if !self.tools.is_empty() {
            outputs.push(Output::Poses(self.poses(frame)));
        }
        let image = header.images.is_some().then(|| {
            let gray = header.gray_image(index, &pixels).map_err(|error| error.to_string())?;
            let (width_px, height_px) = (gray.width_px as u32, gray.height_px as u32);
            UltrasoundImage::new(width_px, height_px, gray.pixels.into_owned())
                .map_err(|error| error.to_string())
        });
        self.pixels = pixels;
        match image {
            None => {}
            Some(Ok(image)) => outputs.push(Output::Image(image)),
            Some(Err(reason)) => {
                self.waiting = (!outputs.is_empty()).then_some((since_start, outputs));
                return Ok(Reading::Refused {
                    reason: format!("frame {index} of {}: {reason}", self.path.display()),
                });
            }
        }
        Ok(Reading::Scheduled { since_start, outputs })
    }
}

impl Sequence {
    fn poses(&self, frame: &Frame) -> ToolPoses {
        let tools = self
            .tools
            .iter()
            .map(|(from, name)| TrackedTool {
                name: name.clone(),
                pose: pose(frame, from, &self.tracker),
            })
            .collect();
        ToolPoses { tools }
    }
}

/// `StylusTip` as `stylus_tip`: names on the bus are lower case.
fn tool_name(from: &str) -> String {
    let mut name = String::new();
    for (index, letter) in from.char_indices() {
        if index > 0 && letter.is_uppercase() {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

fn pose<To, From>(frame: &Frame, from: &str, tracker: &str) -> Pose<To, From> {
    let hidden = |reason: String| Pose::Hidden { reason };
    let Some(transform) = frame.transform(from, tracker) else {
        return hidden("the recording has no pose of it at this time".to_owned());
    };
    match (&transform.status, transform.usable()) {
        (_, Some(matrix)) => match Transform::from_matrix(matrix) {
            Ok(to_from_tool) => Pose::Visible { to_from_tool, error_mm: None },
            Err(error) => hidden(error.to_string()),
        },
        (TransformStatus::Absent, None) => {
            hidden("the recording does not say whether it was seen".to_owned())
        }
        (TransformStatus::Invalid, None) => hidden("the tracking system did not see it".to_owned()),
        (status, None) => hidden(format!("the tracking system says {status:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn data(path: &str) -> Option<PathBuf> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(path);
        if !path.exists() {
            println!("skipped: {} is not here", path.display());
        }
        path.exists().then_some(path)
    }

    fn play(parameters: Parameters) -> (Vec<(Duration, Output)>, Vec<String>) {
        let mut device = Sequence::open(parameters).unwrap();
        let (mut played, mut refused) = (Vec::new(), Vec::new());
        loop {
            match device.read().unwrap() {
                Reading::Scheduled { since_start, outputs } => {
                    played.extend(outputs.into_iter().map(|output| (since_start, output)));
                }
                Reading::Refused { reason } => refused.push(reason),
                Reading::End => return (played, refused),
                other => panic!("{other:?}"),
            }
        }
    }

    fn parameters(path: PathBuf) -> Parameters {
        Parameters { path, starts_at_s: None, clock_offset_ms: 0.0, tracker: tracker() }
    }

    #[test]
    fn the_liver_sweep_plays_its_images_and_poses_on_one_time_line() {
        let Some(path) = data("imfusion_liver_sweep/liver_sweep_images.igs.mha") else { return };
        let mut images = parameters(path.clone());
        images.starts_at_s = Some(-0.722);
        images.clock_offset_ms = 500.0;
        let (images, refused) = play(images);
        assert_eq!((images.len(), refused.len()), (140, 0));
        assert_eq!(
            images[0].0,
            Duration::from_millis(222),
            "0 s in the file, 0.5 s ahead, from -0.722 s on"
        );
        let (poses, _) = play(parameters(path.with_file_name("liver_sweep_poses.igs.mha")));
        assert_eq!((poses.len(), poses[0].0), (309, Duration::ZERO));
        let Output::Poses(ToolPoses { tools }) = &poses[0].1 else { panic!("no poses") };
        assert_eq!(tools[0].name, "probe");
        let Pose::Visible { to_from_tool, .. } = &tools[0].pose else { panic!("hidden") };
        assert!((to_from_tool.isometry().translation.z - 753.494_69).abs() < 1e-6);
    }

    #[test]
    fn a_tool_that_was_never_seen_is_hidden() {
        let Some(path) = data("plus_recon_nwire/NwirePhantomFreehand.igs.mha") else { return };
        let (played, _) = play(parameters(path));
        let mut stylus_seen = 0;
        for (_, output) in &played {
            if let Output::Poses(poses) = output {
                let stylus = poses.tools.iter().find(|tool| tool.name == "stylus").unwrap();
                stylus_seen += usize::from(matches!(stylus.pose, Pose::Visible { .. }));
            }
        }
        assert_eq!((stylus_seen, played.len()), (0, 2 * 97));
    }

    #[test]
    fn names_of_tools_are_lower_case() {
        assert_eq!(tool_name("Probe"), "probe");
        assert_eq!(tool_name("StylusTip"), "stylus_tip");
    }

    #[test]
    fn a_missing_file_says_so() {
        let error = Sequence::open(parameters("nowhere.mha".into())).err().unwrap().to_string();
        assert!(error.contains("cannot open the sequence nowhere.mha"), "{error}");
    }
}
