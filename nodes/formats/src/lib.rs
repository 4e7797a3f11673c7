//! Bytes of the outside world to values and back: no sockets, no threads, no clock.
//!
//! | module | what it reads and writes |
//! | --- | --- |
//! | [`metaimage`] | MetaImage (`.mha`, `.mhd`): images and volumes |
//! | [`nrrd`], [`nifti`] | volumes as NRRD (`.nrrd`, `.nhdr`) and NIfTI-1 (`.nii`, `.nii.gz`) |
//! | [`placed_volume`] | a volume of any of the three kinds, with its place in the body |
//! | [`surface_file`] | triangle surfaces: STL, PLY and VTP |
//! | [`plus_sequence`] | PLUS sequence metafiles (`.igs.mha`): tracked image sequences, or poses alone |
//! | [`plus_config`] | PLUS device-set XML: the transforms of `CoordinateDefinitions` |
//!
//! All bytes are taken as hostile: a reader returns a well-formed value or an error that names the
//! key and the line, never panics, and never allocates more than the bytes that came can fill. Each reader has a fuzz
//! target in `fuzz/fuzz_targets`, whose seeds and checks are also part of the tests.

mod matrix_text;
pub mod metaimage;
pub mod nifti;
pub mod nrrd;
pub mod placed_volume;
pub mod plus_config;
pub mod plus_sequence;
pub mod surface_file;
mod xml;
