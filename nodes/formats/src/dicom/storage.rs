//! The kinds of images (SOP classes, DICOM PS3.4 annex B.5) that become volumes.

use dicom_dictionary_std::uids;

/// The unique identifiers of the storage classes of such images, with their names.
pub const STORAGE_CLASSES: &[(&str, &str)] = &[
    (uids::CT_IMAGE_STORAGE, "CT"),
    (uids::ENHANCED_CT_IMAGE_STORAGE, "enhanced CT"),
    (uids::LEGACY_CONVERTED_ENHANCED_CT_IMAGE_STORAGE, "legacy converted enhanced CT"),
    (uids::MR_IMAGE_STORAGE, "MR"),
    (uids::ENHANCED_MR_IMAGE_STORAGE, "enhanced MR"),
    (uids::LEGACY_CONVERTED_ENHANCED_MR_IMAGE_STORAGE, "legacy converted enhanced MR"),
    (uids::X_RAY3_D_ANGIOGRAPHIC_IMAGE_STORAGE, "X-ray 3D angiographic"),
    (uids::X_RAY3_D_CRANIOFACIAL_IMAGE_STORAGE, "X-ray 3D craniofacial"),
];
