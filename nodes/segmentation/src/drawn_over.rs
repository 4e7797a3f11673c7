//! What a person drew goes before what a network labelled: no vessel runs through a lymph node, a nerve or a ureter.

use messages::{LabelVolume, Point, Preoperative, Structure, StructureKind, Voxel};
use nalgebra::Point3;

/// Labels that gave way to what was drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Remaining {
    /// What remains.
    pub labels: LabelVolume<Preoperative>,
    /// Of each label, whether voxels were taken from it.
    pub is_cut: [bool; 256],
}

/// The labels without those voxels of vessels whose centres lie in a lymph node, a nerve or a ureter that a person drew,
/// on the same or another lattice: networks take such bodies beside a vessel for a part of it. Nothing if no voxel gives
/// way.
pub fn without_drawn(
    labels: &LabelVolume<Preoperative>,
    drawn: &LabelVolume<Preoperative>,
) -> Option<Remaining> {
    let are = |structures: &[Structure], wanted: fn(StructureKind) -> bool| {
        let mut are = [false; 256];
        for (are, structure) in are.iter_mut().skip(1).zip(structures) {
            *are = wanted(structure.kind);
        }
        are
    };
    let is_vessel = are(&labels.structures, StructureKind::is_vessel);
    let is_solid = are(&drawn.structures, |kind| {
        matches!(kind, StructureKind::LymphNode | StructureKind::Nerve | StructureKind::Ureter)
    });
    let drawn_from_voxel = drawn.frame_from_voxel.inverse() * labels.frame_from_voxel;
    let [nx, ny, _] = labels.size.map(|count| (count as usize).max(1));
    let [dx, dy, dz] = drawn.size.map(i64::from);
    let theirs = drawn.labels.as_slice();
    let is_drawn = |at: usize| {
        let index = [at % nx, at / nx % ny, at / nx / ny].map(|index| index as f64);
        let there: Point<Voxel> = drawn_from_voxel * Point::new(Point3::from(index));
        let [x, y, z] = [0, 1, 2].map(|axis| there.xyz_mm[axis].round() as i64);
        let inside = (0..dx).contains(&x) && (0..dy).contains(&y) && (0..dz).contains(&z);
        let voxel = ((z * dy + y) * dx + x) as usize;
        inside && theirs.get(voxel).is_some_and(|label| is_solid[usize::from(*label)])
    };
    let mut is_cut = [false; 256];
    let kept = labels.labels.as_slice().iter().enumerate().map(|(at, label)| {
        let gives_way = is_vessel[usize::from(*label)] && is_drawn(at);
        is_cut[usize::from(*label)] |= gives_way;
        if gives_way { 0 } else { *label }
    });
    let kept: Vec<u8> = kept.collect();
    let labels = LabelVolume { labels: kept.into(), ..labels.clone() };
    is_cut.contains(&true).then_some(Remaining { labels, is_cut })
}
