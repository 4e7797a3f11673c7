//! What comes over the wire is what was sent, or an error that says what is wrong with it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

#[path = "support/examples.rs"]
mod examples;

use bytes::Bytes;
use examples::{centrelines, image, origin, placed, registration, vessel_tree};
use messages::wire::{Kind, Received, Validity, control, message};
use messages::{
    Affine, Health, LocatedImage, Patient, Preoperative, Registration, RegistrationState, Schema,
    Timestamp, UltrasoundImage, VesselTree, Volume,
};
use nalgebra::Matrix3x4;

#[test]
fn a_registration_that_is_refused_carries_no_alignment() {
    let refused = RegistrationState::Refused { reason: "another patient".into() };
    let again = |value: &Registration| {
        let times = (Timestamp(0), Timestamp(0));
        let encoded = message(&origin(), 0, times.0, times.1, &Validity::Valid, value).unwrap();
        let received = Received::parse(Bytes::from(encoded.to_vec().unwrap())).unwrap();
        received.decode::<Registration>().map(|stamped| stamped.value)
    };
    let without = |state| Registration { state, alignment: None };
    assert_eq!(again(&without(refused.clone())).unwrap(), without(refused.clone()));
    let error = again(&registration(refused)).unwrap_err().to_string();
    assert!(error.contains("carries no alignment, but one came"), "{error}");
    let error = again(&without(RegistrationState::Accepted)).unwrap_err().to_string();
    assert!(error.contains("carries an alignment, but none came"), "{error}");
}

#[test]
fn a_tree_gives_back_its_centrelines() {
    assert_eq!(vessel_tree::<Patient>().centrelines().unwrap(), centrelines());
}

#[test]
fn a_tree_of_another_frame_is_refused() {
    let tree = vessel_tree::<Patient>();
    let encoded =
        message(&origin(), 0, Timestamp(0), Timestamp(0), &Validity::Valid, &tree).unwrap();
    let received = Received::parse(Bytes::from(encoded.to_vec().unwrap())).unwrap();
    assert_eq!(received.decode::<VesselTree<Patient>>().unwrap().value, tree);
    let error = received.decode::<VesselTree<Preoperative>>().unwrap_err().to_string();
    assert!(error.contains("[preoperative], but it came in [patient]"), "{error}");
}

#[test]
fn a_tree_that_lies_is_refused_with_what_is_wrong() {
    let refused = |change: fn(&mut VesselTree<Patient>)| {
        let mut tree = vessel_tree::<Patient>();
        change(&mut tree);
        tree.centrelines().unwrap_err().to_string()
    };
    for (error, words) in [
        (refused(|tree| tree.radii_mm = vec![2.0, -1.0, 1.0, 1.0].into()), "radius -1 mm"),
        (refused(|tree| tree.positions_mm = vec![f32::NAN; 12].into()), "node 0 is at"),
        (refused(|tree| tree.paths = vec![0, 1, 1, 4, 1, 3].into()), "names node 4"),
        (refused(|tree| tree.paths = vec![0, 1, 1, -2, 1, 3].into()), "there are 4 nodes"),
        (refused(|tree| tree.path_lengths = vec![2, 2, 3].into()), "has 3 nodes, but 2 are left"),
        (refused(|tree| tree.path_lengths = vec![2, -1, 2].into()), "has -1 nodes"),
        (refused(|tree| tree.path_lengths = vec![2, 2, 1].into()), "belong to no branch"),
        (refused(|tree| tree.structure = vec![0, 2, -1].into()), "structure 2, but there are 2"),
        (refused(|tree| tree.structure = vec![0, -2, -1].into()), "structure -2"),
    ] {
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn arrays_lie_aligned_and_whole() {
    let volume = Volume {
        size: [5, 7, 3],
        patient_from_voxel: Affine::from_rows(Matrix3x4::new(
            1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0,
        ))
        .unwrap(),
        images: 0,
        voxels: vec![7u8; 105].into(),
        seen: vec![1u8; 105].into(),
    };
    let encoded =
        message(&origin(), 0, Timestamp(0), Timestamp(0), &Validity::Valid, &volume).unwrap();
    let bytes = Bytes::from(encoded.to_vec().unwrap());
    let base = bytes.as_ptr() as usize;
    let arrays = Received::parse(bytes).unwrap().arrays().unwrap();
    for array in &arrays {
        assert_eq!((array.bytes.as_ptr() as usize - base) % 64, 0, "{}", array.description.name);
    }
    assert_eq!(arrays.len(), 2);
}

#[test]
fn a_blank_an_end_and_a_mark_carry_no_value() {
    for (kind, reason) in
        [(Kind::Blank, Some("nothing within 50 ms")), (Kind::End, None), (Kind::Mark, None)]
    {
        let bytes = control(
            &origin(),
            Schema::of::<Health>(),
            kind,
            3,
            (Timestamp(5), Timestamp(6)),
            reason,
        )
        .unwrap();
        let received = Received::parse(Bytes::from(bytes)).unwrap();
        received.verify().unwrap();
        assert_eq!(received.envelope().kind, kind);
        assert!(received.decode::<Health>().is_err());
    }
}

#[test]
fn other_messages_frames_and_versions_are_refused() {
    let image = image();
    let encoded =
        message(&origin(), 0, Timestamp(0), Timestamp(0), &Validity::Valid, &image).unwrap();
    let bytes = encoded.to_vec().unwrap();
    let received = Received::parse(Bytes::from(bytes.clone())).unwrap();
    let error = received.decode::<Health>().unwrap_err().to_string();
    assert!(error.contains("expected Health v1, but UltrasoundImage v1 came"), "{error}");
    let at = bytes.windows(6).position(|window| window == b"eimage").unwrap();
    let mut other = bytes;
    other[at + 1..at + 6].copy_from_slice(b"voxel");
    let error = Received::parse(Bytes::from(other))
        .unwrap()
        .decode::<UltrasoundImage>()
        .unwrap_err()
        .to_string();
    assert!(error.contains("frames"), "{error}");
}

/// A damaged message is an error or, if only header text changed, another value: never a panic.
#[test]
fn every_truncation_and_every_flipped_bit_is_handled() {
    let values = [message(
        &origin(),
        0,
        Timestamp(0),
        Timestamp(0),
        &Validity::Valid,
        &LocatedImage { image: image(), placement: placed() },
    )
    .unwrap()
    .to_vec()
    .unwrap()];
    for bytes in values {
        for length in 0..bytes.len() {
            let cut = Bytes::copy_from_slice(&bytes[..length]);
            let error = Received::parse(cut).and_then(|received| {
                received.verify()?;
                received.decode::<LocatedImage>().map(|_| ())
            });
            assert!(error.is_err(), "{length} of {} bytes were accepted", bytes.len());
        }
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            if let Ok(received) = Received::parse(Bytes::from(flipped)) {
                let _ = received.verify();
                let _ = received.decode::<LocatedImage>();
                let _ = received.arrays();
            }
        }
        let position =
            bytes.windows(12).position(|window| window == (0..12).collect::<Vec<u8>>()).unwrap();
        let mut flipped = bytes.clone();
        flipped[position + 5] ^= 1;
        let error =
            Received::parse(Bytes::from(flipped)).unwrap().verify().unwrap_err().to_string();
        assert!(error.contains("was changed on its way"), "{error}");
    }
}

#[test]
fn sizes_that_lie_are_refused() {
    let mut image = image();
    image.width_px = 5;
    let encoded =
        message(&origin(), 0, Timestamp(0), Timestamp(0), &Validity::Valid, &image).unwrap();
    let received = Received::parse(Bytes::from(encoded.to_vec().unwrap())).unwrap();
    let error = received.decode::<UltrasoundImage>().unwrap_err().to_string();
    assert!(error.contains("does not take 12 bytes"), "{error}");
}
