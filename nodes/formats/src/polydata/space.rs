//! Along which sides of the body the axes of a file point, and how a file says so.

use super::Error;

/// Along which sides of the body the axes point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Space {
    /// To the patient's left, back and head, as in DICOM.
    #[default]
    Lps,
    /// To the patient's right, front and head.
    Ras,
}

impl Space {
    /// What a header or comment says with `SPACE=…`, if it does, as 3D Slicer writes it (`vtkMRMLModelStorageNode`).
    pub(crate) fn said(text: &str) -> Result<Option<Self>, Error> {
        let mut said = None;
        for rest in text.split("SPACE=").skip(1) {
            let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric());
            let space = Self::named(&rest[..end.unwrap_or(rest.len())])?;
            said = Self::agree(said, Some(space))?;
        }
        Ok(said)
    }

    /// Of the name alone.
    pub(crate) fn named(name: &str) -> Result<Self, Error> {
        match name {
            "LPS" => Ok(Self::Lps),
            "RAS" => Ok(Self::Ras),
            other => Err(Error::wrong("SPACE", "`LPS` or `RAS`", other)),
        }
    }

    /// What was said in two places of a file.
    pub(crate) fn agree(one: Option<Self>, other: Option<Self>) -> Result<Option<Self>, Error> {
        match (one, other) {
            (Some(one), Some(other)) if one != other => {
                Err(Error::wrong("SPACE", "the same everywhere in the file", "`LPS` and `RAS`"))
            }
            _ => Ok(one.or(other)),
        }
    }

    /// Whether a place is one that can be computed with: its numbers are those that 32 bits hold, so that neither its
    /// distance from another nor a sum of distances is infinite.
    pub(crate) fn holds(place: &[f64; 3]) -> bool {
        place.iter().all(|mm| mm.abs() <= f64::from(f32::MAX))
    }

    /// The place in LPS of one along these axes.
    pub(crate) fn to_lps(self, [x, y, z]: [f64; 3]) -> [f64; 3] {
        let side = match self {
            Self::Lps => 1.0,
            Self::Ras => -1.0,
        };
        // Adding zero keeps -0 out of what people read.
        [side * x, side * y, z].map(|mm| mm + 0.0)
    }
}
