//! What a file of another kind than polygons holds, in words.

use std::collections::BTreeMap;

use super::Error;

/// Says that a file of a kind holds no polygons but cells of these types (numbers of `vtkCellType.h`), or others.
pub fn refusal(what: &str, kind: &str, types: &[i64]) -> Error {
    let is_volume = ["ImageData", "STRUCTURED_POINTS"].contains(&kind);
    let what = format!("{what} `{}`", crate::metaimage::excerpt(kind));
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for cell in types {
        let name = match cell {
            1 | 2 => "points",
            3 | 4 => "lines",
            5 | 6 => "triangles",
            7..=9 => "polygons",
            10 => "tetrahedra",
            11 | 12 => "hexahedra",
            13 => "wedges",
            14 => "pyramids",
            24 => "tetrahedra of ten points",
            _ => "other cells",
        };
        *counts.entry(name).or_default() += 1;
    }
    let counts: Vec<String> =
        counts.into_iter().map(|(name, count)| format!("{count} {name}")).collect();
    let what = if counts.is_empty() { what } else { format!("{what} with {}", counts.join(", ")) };
    let hint = if is_volume {
        "it is a volume: save it as NRRD, NIfTI-1 or MetaImage, or extract a surface from it"
    } else {
        "extract its surface or lines, for example with `Extract Surface` of ParaView, and save them as PolyData (.vtp)"
    };
    Error::Unsupported { what, hint }
}
