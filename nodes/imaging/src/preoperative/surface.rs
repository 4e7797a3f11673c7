//! Surface files as one message: each with its name, and facing outwards.

use std::path::PathBuf;

use formats::surface_file;
use messages::surfaces::SurfaceParts;
use messages::{Preoperative, Structure, Surfaces};
use nalgebra::Vector3;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Error, Kind};

/// The surface of a structure.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SurfaceFile {
    /// The file: STL, PLY or VTP, in millimetres.
    #[schemars(extend("format" = "input-file"))]
    pub path: PathBuf,
    /// The name of the structure, such as `left_ureter`. A structure of several files is one entry for each, with the
    /// same name and kind.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// How the axes lie in a file that does not say; those of 3D Slicer do (`SPACE=LPS`).
    #[serde(default)]
    pub space: Space,
    /// How far the surface lies from the true one at most, in 95 of 100 places, in millimetres.
    #[serde(default = "error_mm")]
    #[schemars(default = "error_mm", range(min = 0.0, max = 200.0))]
    pub error_mm: f64,
}

/// Along which sides of the body the axes of a file point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Space {
    /// To the patient's left, back and head, as in DICOM.
    #[default]
    Lps,
    /// To the patient's right, front and head.
    Ras,
}

fn error_mm() -> f64 {
    1.0
}

/// Why a surface does not go with the others.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Flaw {
    /// A surface without a name.
    #[error("a surface should have a `name`, but it is empty")]
    NoName,
    /// One name for two kinds.
    #[error(
        "`{name}` is {came:?} here, but was {before:?} before; give it another name or the same kind"
    )]
    OtherKind {
        /// The name.
        name: String,
        /// The kind here.
        came: messages::StructureKind,
        /// The kind before.
        before: messages::StructureKind,
    },
    /// An error that is none.
    #[error("`error_mm` should be from 0 to 200 mm, but it is {0}")]
    NoError(f64),
}

/// Reads all files.
pub fn surfaces(files: Vec<SurfaceFile>) -> Result<Surfaces<Preoperative>, Error> {
    let mut parts: Vec<SurfaceParts> = Vec::new();
    for file in files {
        let SurfaceFile { path, name, kind, space, error_mm } = file;
        let name = name.trim().to_owned();
        let named = |flaw| Error::Named { path: path.clone(), flaw };
        if name.is_empty() {
            return Err(named(Flaw::NoName));
        }
        if !(0.0..=200.0).contains(&error_mm) {
            return Err(named(Flaw::NoError(error_mm)));
        }
        let bytes =
            std::fs::read(&path).map_err(|source| Error::Open { path: path.clone(), source })?;
        let space = match space {
            Space::Lps => surface_file::Space::Lps,
            Space::Ras => surface_file::Space::Ras,
        };
        let read = surface_file::Surface::read(&bytes, space)
            .map_err(|source| Error::Surface { path: path.clone(), source })?;
        let mut triangles: Vec<[i32; 3]> =
            read.triangles.iter().map(|three| three.map(|corner| corner as i32)).collect();
        face_outwards(&read.vertices_mm, &mut triangles);
        let structure = Structure { name, kind: kind.into() };
        match parts.iter_mut().find(|(known, ..)| known.name == structure.name) {
            Some((known, ..)) if known.kind != structure.kind => {
                let (came, before) = (structure.kind, known.kind);
                return Err(named(Flaw::OtherKind { name: structure.name, came, before }));
            }
            Some((_, error, vertices, corners)) => {
                let first = vertices.len() as i32;
                *error = error.max(error_mm as f32);
                vertices.extend(read.vertices_mm);
                corners.extend(triangles.iter().map(|three| three.map(|corner| corner + first)));
            }
            None => parts.push((structure, error_mm as f32, read.vertices_mm, triangles)),
        }
    }
    Ok(Surfaces::new(parts)?)
}

/// Turns all triangles over if they enclose less than nothing: then they were written facing inwards.
fn face_outwards(vertices_mm: &[[f32; 3]], triangles: &mut [[i32; 3]]) {
    // Relative to a corner of the surface: far from the origin the terms would cancel.
    let Some(&origin) = vertices_mm.first() else { return };
    let corner = |index: i32| {
        let place = vertices_mm[index as usize];
        Vector3::from_fn(|axis, _| f64::from(place[axis]) - f64::from(origin[axis]))
    };
    let enclosed = triangles.iter().map(|&[a, b, c]| corner(a).dot(&corner(b).cross(&corner(c))));
    if enclosed.sum::<f64>() < 0.0 {
        for three in triangles {
            three.swap(1, 2);
        }
    }
}
