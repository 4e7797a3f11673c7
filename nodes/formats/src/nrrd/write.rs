//! A volume written as NRRD: LPS, little-endian, with the digits that bring back the same numbers.

use super::storage::{file_name, type_name};
use crate::matrix_text::number;
use crate::placed_volume::{Error, PlacedVolume};

/// The bytes of a header, and those of its voxels; these follow after it, or are the file `data_file`.
///
/// # Errors
/// If the name is none that a header may have.
pub fn write(
    volume: &PlacedVolume,
    gzip: bool,
    data_file: Option<&str>,
) -> Result<(Vec<u8>, Vec<u8>), Error> {
    let map = &volume.lps_from_voxel;
    let vector = |column: usize| {
        let numbers = [0, 1, 2].map(|row| number(map[(row, column)]));
        format!("({})", numbers.join(","))
    };
    let mut fields = vec![
        ("type", type_name(volume.voxels.scalar()).to_owned()),
        ("dimension", "3".to_owned()),
        ("space", "left-posterior-superior".to_owned()),
        ("sizes", volume.dims.map(|side| side.to_string()).join(" ")),
        ("space directions", [0, 1, 2].map(vector).join(" ")),
        ("kinds", "domain domain domain".to_owned()),
        ("endian", "little".to_owned()),
        ("encoding", if gzip { "gzip" } else { "raw" }.to_owned()),
        ("space origin", vector(3)),
    ];
    if let Some(name) = data_file {
        let is_plain = name.trim_ascii() == name && !name.chars().any(char::is_control);
        let name = file_name(name).ok().filter(|_| is_plain).ok_or_else(|| {
            Error::wrong("the data file", "the plain name of a file in the same folder", name)
        })?;
        fields.push(("data file", name.to_owned()));
    }
    let mut header = "NRRD0004\n# Complete NRRD file format specification at:\n\
        # http://teem.sourceforge.net/nrrd/format.html\n"
        .to_owned();
    for (name, value) in fields {
        header.extend([name, ": ", &value, "\n"]);
    }
    header.push('\n');
    let raw = volume.voxels.to_little_endian();
    let packed = |error: std::io::Error| Error::Corrupt { reason: error.to_string() };
    let data = if gzip { crate::gzip::pack(&raw).map_err(packed)? } else { raw.into_owned() };
    Ok((header.into_bytes(), data))
}
