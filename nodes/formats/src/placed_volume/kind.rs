//! The kinds of file that a volume can be written to.

use super::Error;

/// A kind of file.
///
/// Reading back gives the same voxels, and the same map to millimetres: with NRRD and NIfTI-2 to the last digit, with
/// MetaImage to that of rounding (some 1e-16 of each number), with NIfTI-1 to that of 32-bit numbers (some 1e-7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VolumeKind {
    /// MetaImage in one file (`.mha`). It has no sheared axes.
    MetaImage,
    /// MetaImage with the voxels in a second file (`.mhd`). It has no sheared axes.
    MetaImageDetached {
        /// The name of the header without its ending.
        stem: String,
    },
    /// NRRD in one file (`.nrrd`).
    Nrrd,
    /// NRRD with the voxels in a second file (`.nhdr`).
    NrrdDetached {
        /// The name of the header without its ending.
        stem: String,
    },
    /// NIfTI-1 in one file (`.nii`, `.nii.gz`): sides up to 32767.
    Nifti1 {
        /// Whether all of it is gzip, as its ending must say.
        gzip: bool,
    },
    /// NIfTI-2 in one file (`.nii`, `.nii.gz`); fewer programs read it.
    Nifti2 {
        /// Whether all of it is gzip, as its ending must say.
        gzip: bool,
    },
}

impl VolumeKind {
    /// The kind that the ending of a file's name says, whatever its case; a path may be before the name. No ending
    /// says NIfTI-2.
    ///
    /// # Errors
    /// If no kind is known by that ending, or there is no name before it.
    pub fn from_file_name(name: &str) -> Result<Self, Error> {
        let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
        let stem = |ending: &str| {
            let at = file.len().checked_sub(ending.len()).filter(|at| *at > 0)?;
            let (stem, found) = file.split_at_checked(at)?;
            found.eq_ignore_ascii_case(ending).then(|| stem.to_owned())
        };
        let found = [".mha", ".mhd", ".nrrd", ".nhdr", ".nii", ".nii.gz"]
            .into_iter()
            .find_map(|ending| Some((ending, stem(ending)?)));
        Ok(match found {
            Some((".mha", _)) => Self::MetaImage,
            Some((".mhd", stem)) => Self::MetaImageDetached { stem },
            Some((".nrrd", _)) => Self::Nrrd,
            Some((".nhdr", stem)) => Self::NrrdDetached { stem },
            Some((ending, _)) => Self::Nifti1 { gzip: ending == ".nii.gz" },
            None => return Err(Error::UnknownEnding { name: crate::metaimage::excerpt(name) }),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn an_ending_says_the_kind() {
        let of = |name: &str| VolumeKind::from_file_name(name).unwrap();
        assert_eq!(of("ct.nii.gz"), VolumeKind::Nifti1 { gzip: true });
        assert_eq!(of("/data/ct.v2/CT.NII"), VolumeKind::Nifti1 { gzip: false });
        assert_eq!(of("C:\\data\\ct.nhdr"), VolumeKind::NrrdDetached { stem: "ct".into() });
        assert_eq!(of("a/ct.1.Mhd"), VolumeKind::MetaImageDetached { stem: "ct.1".into() });
        assert_eq!((of("ä.mha"), of("ct.seg.nrrd")), (VolumeKind::MetaImage, VolumeKind::Nrrd));
        for wrong in
            ["ct.tif", "ct", "", "nii", ".nii", "a/.nrrd", "ct.nii.bz2", "ct.hdr", "ct.nrrd/", "ä"]
        {
            let said = VolumeKind::from_file_name(wrong).unwrap_err().to_string();
            assert!(said.contains(".mha or .mhd") && said.contains(".nii.gz"), "{wrong}: {said}");
        }
    }
}
