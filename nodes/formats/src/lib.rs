//! Bytes of the outside world to values and back: no sockets, no threads, no clock. Only [`video`] starts other programs.
//!
//! | module | what it reads and writes |
//! | --- | --- |
//! | [`metaimage`] | MetaImage (`.mha`, `.mhd`): images and volumes |
//! | [`nrrd`], [`nifti`] | volumes as NRRD (`.nrrd`, `.nhdr`), NIfTI-1 and NIfTI-2 (`.nii`, `.nii.gz`, `.hdr` with `.img`) |
//! | [`dicom`] | series of DICOM slices, and enhanced multi-frame files, as volumes |
//! | [`placed_volume`] | a volume of any of these kinds, with its place in the body |
//! | [`summary`] | what a file of a volume, a sequence or a video holds, for people |
//! | [`surface_file`] | triangle surfaces: STL, PLY, VTP and legacy VTK |
//! | [`tree_file`] | vessel trees and centrelines: VTP and legacy VTK |
//! | [`shape_summary`] | what a file of a surface or a tree holds, for people |
//! | [`plus_sequence`] | PLUS sequences (`.igs.mha`, `.igs.nrrd`): tracked image sequences, or poses alone |
//! | [`video`] | video files (`.mkv`, `.mp4`, `.avi`, …), through the system's `ffmpeg` |
//! | [`plus_config`] | PLUS device-set XML: its transforms, and how it reconstructs volumes |
//! | [`plus_transforms`] | from one frame of a PLUS sequence to another |
//! | [`openigtlink`] | OpenIGTLink messages, versions 1 to 3, from bytes, from a stream of them, and back; as JSON |
//! | [`ndi`] | what NDI's trackers and their hosts say to each other (Combined API), both sides; `.rom` files |
//!
//! All bytes are taken as hostile: a reader returns a well-formed value or an error that names the
//! key and the line, never panics, and never allocates more than the bytes that came can fill. Each reader has a fuzz
//! target in `fuzz/fuzz_targets`, whose seeds and checks are also part of the tests.

pub mod dicom;
mod gzip;
mod matrix_text;
pub mod metaimage;
pub mod ndi;
pub mod nifti;
pub mod nrrd;
pub mod openigtlink;
pub mod placed_volume;
pub mod plus_config;
pub mod plus_sequence;
pub mod plus_transforms;
mod polydata;
pub mod shape_summary;
pub mod summary;
pub mod surface_file;
pub mod tree_file;
pub mod video;
mod xml;
