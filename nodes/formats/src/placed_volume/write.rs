//! A volume written to the bytes of a file, or of two.

use nalgebra::Matrix4;

use super::{Error, PlacedVolume, VolumeKind, farthest_angle_deg, is_sheared, spans_space};
use crate::metaimage::{self, DataFile};
use crate::nifti::{self, Version};
use crate::nrrd;

/// What a volume becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The file itself; a header, if there is a second one.
    pub bytes: Vec<u8>,
    /// The name and the bytes of the file that must lie in the same folder.
    pub beside: Option<(String, Vec<u8>)>,
}

impl PlacedVolume {
    /// The bytes of a file. `compressed` says whether MetaImage and NRRD compress the voxels; NIfTI is compressed or
    /// not as a whole, and its kind says which.
    ///
    /// # Errors
    /// If size, place and voxels do not fit each other, or the kind cannot hold them.
    pub fn write(&self, kind: &VolumeKind, compressed: bool) -> Result<Written, Error> {
        self.check()?;
        match kind {
            VolumeKind::MetaImage => self.metaimage(compressed, None),
            VolumeKind::MetaImageDetached { stem } => {
                let ending = if compressed { "zraw" } else { "raw" };
                self.metaimage(compressed, Some(format!("{stem}.{ending}")))
            }
            VolumeKind::Nrrd => {
                let (mut bytes, voxels) = nrrd::write(self, compressed, None)?;
                bytes.extend_from_slice(&voxels);
                Ok(Written { bytes, beside: None })
            }
            VolumeKind::NrrdDetached { stem } => {
                let name = format!("{stem}.{}", if compressed { "raw.gz" } else { "raw" });
                let (bytes, voxels) = nrrd::write(self, compressed, Some(&name))?;
                Ok(Written { bytes, beside: Some((name, voxels)) })
            }
            VolumeKind::Nifti1 { gzip } => {
                Ok(Written { bytes: nifti::write(self, Version::One, *gzip)?, beside: None })
            }
            VolumeKind::Nifti2 { gzip } => {
                Ok(Written { bytes: nifti::write(self, Version::Two, *gzip)?, beside: None })
            }
        }
    }

    fn metaimage(&self, compressed: bool, name: Option<String>) -> Result<Written, Error> {
        refuse_sheared(&self.lps_from_voxel)?;
        let (spacing_mm, origin_mm, direction) = metaimage::split(&self.lps_from_voxel);
        let scalar = self.voxels.scalar();
        let header = metaimage::header(self.dims, scalar, spacing_mm, origin_mm, direction);
        let file = name.clone().map_or(DataFile::Local, DataFile::Beside);
        let (mut bytes, voxels) = metaimage::parts(&header, &self.voxels, compressed, &file)?;
        if let Some(name) = name {
            return Ok(Written { bytes, beside: Some((name, voxels)) });
        }
        bytes.extend_from_slice(&voxels);
        Ok(Written { bytes, beside: None })
    }

    /// Whether the fields are as they are said to be: they are open to all.
    fn check(&self) -> Result<(), Error> {
        let count = self.dims.iter().try_fold(1_usize, |count, &side| count.checked_mul(side));
        let came = self.voxels.len();
        if count != Some(came) || came == 0 {
            let expected = format!("one for each of {:?} places, at least one", self.dims);
            return Err(Error::wrong("the number of voxels", expected, came));
        }
        let map = &self.lps_from_voxel;
        let axes = map.fixed_view::<3, 3>(0, 0).into_owned();
        let is_affine = map.row(3).iter().eq([0.0, 0.0, 0.0, 1.0].iter());
        if !is_affine || !spans_space(&axes) || !map.iter().all(|number| number.is_finite()) {
            let expected = "finite axes that span space, and a last row of 0 0 0 1";
            let came = crate::matrix_text::write(map);
            return Err(Error::wrong("the map to millimetres", expected, came));
        }
        Ok(())
    }
}

/// A MetaImage has no sheared axes.
fn refuse_sheared(map: &Matrix4<f64>) -> Result<(), Error> {
    if is_sheared(map) {
        let angle_deg = farthest_angle_deg(&map.fixed_view::<3, 3>(0, 0).into_owned());
        return Err(Error::Sheared { angle_deg, format: "MetaImage" });
    }
    Ok(())
}

impl TryFrom<PlacedVolume> for metaimage::Volume {
    type Error = Error;

    /// Refuses what makes no sense, and axes that are not at right angles.
    fn try_from(volume: PlacedVolume) -> Result<Self, Error> {
        volume.check()?;
        refuse_sheared(&volume.lps_from_voxel)?;
        let (spacing_mm, origin_mm, direction) = metaimage::split(&volume.lps_from_voxel);
        let PlacedVolume { dims, voxels, .. } = volume;
        Ok(Self { dims, spacing_mm, origin_mm, direction, voxels })
    }
}
