//! The NRRD form of a sequence: the header as PLUS writes it, to and from that of a MetaImage.
//!
//! The image's axes come first, colour before them (`kinds: vector domain domain list`); the lines of the frames are
//! `Seq_FrameNNNN_Field:=value`, and the status of an image is called `Status` (`vtkIGSIONrrdSequenceIO.cxx`). A
//! sequence of poses has blank images of one pixel, and says nothing about them: a NRRD has no axis of no length.

use std::collections::HashSet;

use super::error::Error;
use super::frame_fields::PREFIX;
use crate::matrix_text::number;
use crate::metaimage::{DataFile, Field, Header, ScalarType, digits, excerpt, is_known};
use crate::nrrd::{self, Entry, Fields, length, vectors};
use crate::placed_volume;

const ORIENTATION: &str = "ultrasound image orientation";
const IMAGE_TYPE: &str = "ultrasound image type";
/// The names of lines in a NRRD, and in a MetaImage.
const NAMES: [(&str, &str); 2] =
    [(ORIENTATION, "UltrasoundImageOrientation"), (IMAGE_TYPE, "UltrasoundImageType")];

/// Lines that a NRRD says in another way.
const IN_METAIMAGE_ONLY: [&str; 3] = ["AnatomicalOrientation", "CenterOfRotation", "Kinds"];

/// What the header of a NRRD says, in the words of a MetaImage.
pub(super) struct NrrdHeader {
    /// The header; `compressed` means gzip.
    pub header: Header,
    /// Whether there are no images: the pixels are placeholders.
    pub is_poses_only: bool,
    /// Where the pixels begin, if they are in the same file.
    pub offset: usize,
}

/// The header at the start of a NRRD, of at most `longest` bytes.
pub(super) fn parse(bytes: &[u8], longest: usize) -> Result<NrrdHeader, Error> {
    let fields = Fields::parse_any(bytes, longest)?;
    let axes = Axes::of(&fields)?;
    for field in ["line skip", "byte skip"] {
        if fields.count(field)? > 0 {
            return Err(Error::Nrrd(placed_volume::Error::Unsupported {
                what: format!("`{field}` in a sequence"),
                hint: "write the sequence again without it",
            }));
        }
    }
    let scalar = match fields.get("type") {
        Some("none") => None,
        _ => Some(nrrd::scalar(&fields)?),
    };
    let big_endian = scalar.map_or(Ok(false), |scalar| nrrd::is_big_endian(&fields, scalar))?;
    let data_file = match fields.get("data file") {
        Some(name) => DataFile::Beside(nrrd::file_name(name)?.to_owned()),
        None => DataFile::Local,
    };
    let other = other_lines(&fields, &axes)?;
    let says_nothing = NAMES.iter().all(|(_, name)| other.iter().all(|line| line.key != *name));
    let n = axes.dims.len();
    let header = Header {
        scalar,
        channels: axes.channels,
        spacing_mm: spacing(&fields, &axes)?,
        offset_mm: vec![0.0; n],
        transform_matrix: (0..n * n).map(|at| f64::from(u8::from(at % (n + 1) == 0))).collect(),
        big_endian,
        compressed: nrrd::is_gzip(&fields)?,
        compressed_bytes: None,
        data_file,
        skip_bytes: 0,
        is_data_last: false,
        other,
        dims: axes.dims,
    };
    let is_poses_only = header.dims[..2] == [1, 1] && says_nothing;
    Ok(NrrdHeader { header, is_poses_only, offset: bytes.len() - fields.rest.len() })
}

/// The axes of the images and of time.
struct Axes {
    channels: usize,
    /// Sizes without colour.
    dims: Vec<usize>,
    /// Kinds without colour, in the words of a MetaImage.
    kinds: String,
}

impl Axes {
    fn of(fields: &Fields) -> Result<Self, Error> {
        let dimension = fields.need("dimension", "is this a NRRD?")?;
        let text = fields.need("sizes", "the number of pixels along each axis is needed")?;
        let words = text.split_ascii_whitespace();
        let sizes: Option<Vec<usize>> =
            words.take(6).map(|word| digits(word)?.try_into().ok()).collect();
        let hint = "say which axis is what, for example `kinds: domain domain list`";
        let kinds = fields.need("kinds", hint)?;
        let not_a_sequence = || Error::NotASequence { dims: excerpt(text), kinds: excerpt(kinds) };
        let kinds: Vec<String> =
            kinds.split_ascii_whitespace().map(str::to_ascii_lowercase).collect();
        let mut kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
        let mut dims = sizes.ok_or_else(not_a_sequence)?;
        // PLUS leaves out the last axis of a sequence of one frame, but counts it.
        let counted = dims.len() + usize::from(kinds.last() == Some(&"domain"));
        let is_counted =
            digits(dimension).is_some_and(|n| n == dims.len() as u64 || n == counted as u64);
        if kinds.len() != dims.len() || !is_counted {
            return Err(not_a_sequence());
        }
        let mut channels = 1;
        let needed = match kinds.first() {
            Some(&"vector") => dims.first().copied(),
            Some(&"2-vector") => Some(2),
            Some(&("rgb-color" | "3-color" | "3-vector")) => Some(3),
            Some(&("rgba-color" | "4-color" | "4-vector")) => Some(4),
            _ => None,
        };
        if let Some(needed) = needed {
            channels = dims.remove(0);
            kinds.remove(0);
            if channels != needed || !(1..=65_535).contains(&channels) {
                return Err(not_a_sequence());
            }
        }
        if !(2..=4).contains(&dims.len()) {
            return Err(not_a_sequence());
        }
        let kinds: Vec<&str> =
            kinds.into_iter().map(|kind| if kind == "space" { "domain" } else { kind }).collect();
        Ok(Self { channels, dims, kinds: kinds.join(" ") })
    }
}

/// The lines that are no fields of NRRD, with the names that a MetaImage has for them.
fn other_lines(fields: &Fields, axes: &Axes) -> Result<Vec<Field>, Error> {
    let mut other = vec![Field { key: "Kinds".to_owned(), value: axes.kinds.clone(), line: 0 }];
    let mut seen = HashSet::new();
    for &Entry { key, value, line, .. } in &fields.lines {
        let is_text = |text: &str| !text.chars().any(|c| c.is_control() && c != '\t');
        // After a blank a `#` begins no comment, but nobody could write it again so.
        if key.is_empty() || key.starts_with('#') || !is_text(key) || !is_text(value) {
            let came = excerpt(&format!("{key}:={value}"));
            return Err(Error::Nrrd(placed_volume::Error::Line { line, came }));
        }
        let (name, value) = (name_in_metaimage(key), value.to_owned());
        // Where PLUS made it from a MetaImage, it carries on what that said about its own pixels.
        if is_known(&name) || IN_METAIMAGE_ONLY.contains(&name.as_str()) {
            continue;
        }
        // Lines of frames are checked when they are gathered.
        if !name.starts_with(PREFIX) && !seen.insert(name.clone()) {
            let field = key.to_owned();
            return Err(Error::Nrrd(placed_volume::Error::Duplicate { field, line }));
        }
        other.push(Field { key: name, value, line });
    }
    Ok(other)
}

fn name_in_metaimage(key: &str) -> String {
    if let Some((_, name)) = NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)) {
        return (*name).to_owned();
    }
    match key.split_once('_').and_then(|(_, rest)| rest.split_once('_')) {
        Some((number, "Status")) if key.starts_with(PREFIX) => {
            format!("Seq_{number}_ImageStatus")
        }
        _ => key.to_owned(),
    }
}

/// Distances of pixels along each axis; 1 where they are not written.
fn spacing(fields: &Fields, axes: &Axes) -> Result<Vec<f64>, Error> {
    let mut spacing = vec![1.0; axes.dims.len()];
    let Some(text) = fields.get("space directions") else { return Ok(spacing) };
    let expected = "`none` or a vector of finite numbers for each axis, such as `(1,0) (0,1) none`";
    let wrong = || Error::Nrrd(placed_volume::Error::wrong("space directions", expected, text));
    let axes = vectors(text).ok_or_else(wrong)?;
    let images = axes.iter().flatten().take(2);
    for (slot, vector) in spacing.iter_mut().zip(images) {
        *slot = length(vector);
        if !(*slot > 0.0 && slot.is_finite()) {
            return Err(wrong());
        }
    }
    Ok(spacing)
}

/// The header of a NRRD that says what the header of a MetaImage says, up to and with its blank line.
///
/// `header` is as [`super::SequenceHeader`] writes it; what it cannot say as a NRRD shows when it is read again.
pub(super) fn write(header: &Header, gzip: bool, data_file: Option<&str>) -> Vec<u8> {
    let colour = header.channels > 1;
    let first = |word: &str| if colour { format!("{word} ") } else { String::new() };
    let sizes: Vec<String> = header.dims.iter().map(|size| size.max(&1).to_string()).collect();
    let spacing = [header.spacing_mm[0], header.spacing_mm[1]].map(number);
    let scalar = header.scalar.unwrap_or(ScalarType::U8);
    let mut fields = vec![
        ("dimension", (3 + usize::from(colour)).to_string()),
        ("encoding", if gzip { "gz" } else { "raw" }.to_owned()),
        ("endian", if header.big_endian { "big" } else { "little" }.to_owned()),
        ("kinds", first("vector") + "domain domain list"),
        ("sizes", first(&header.channels.to_string()) + &sizes.join(" ")),
        ("space dimension", "2".to_owned()),
        (
            "space directions",
            format!("{}({},0) (0,{}) none", first("none"), spacing[0], spacing[1]),
        ),
        ("space origin", "(0,0)".to_owned()),
        ("type", nrrd::type_name(scalar).to_owned()),
    ];
    fields.extend(data_file.map(|name| ("data file", name.to_owned())));
    let mut text = "NRRD0004\n# Complete NRRD file format specification at:\n# http://teem.sourceforge.net/nrrd/format.html\n".to_owned();
    for (name, value) in fields {
        text.extend([name, ": ", &value, "\n"]);
    }
    for Field { key, value, .. } in &header.other {
        if IN_METAIMAGE_ONLY.contains(&key.as_str()) {
            continue;
        }
        let name = NAMES.iter().find(|(_, name)| name == key).map(|(name, _)| *name);
        // Only that of the image itself, and not a field such as `Tool_ImageStatus`.
        let status = key
            .strip_suffix("_ImageStatus")
            .filter(|frame| frame.strip_prefix(PREFIX).is_some_and(|number| !number.contains('_')));
        match (name, status) {
            (Some(name), _) => text.push_str(name),
            (None, Some(frame)) => text.extend([frame, "_Status"]),
            (None, None) => text.push_str(key),
        }
        text.extend([":=", value, "\n"]);
    }
    text.push('\n');
    text.into_bytes()
}
