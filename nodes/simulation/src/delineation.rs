//! What a radiologist draws by hand into an image: some structures, with the unsteadiness of drawing.

use messages::StructureKind as Kind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::anatomy::Anatomy;
use crate::anatomy::grid::Grid;
use crate::anatomy::implicit::Waves;
use crate::anatomy::labels::{Label, LabelVolume};
use crate::anatomy::structure::Structure;
use crate::randomness::{Purpose, stream};

/// Standard deviation of the drawn boundary, in voxels.
const UNSTEADY_VOXELS: f64 = 0.5;
/// Waves that the deviation is the sum of, and their lengths in voxels.
const WAVES: usize = 6;
const WAVE_VOXELS: (f64, f64) = (5.0, 16.0);

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DrawnKind {
    /// Tumours.
    Tumour,
    /// Lymph nodes.
    LymphNode,
    /// Nerves.
    Nerve,
    /// Ureters.
    Ureter,
    /// Organs, the liver and the gallbladder among them.
    Organ,
    /// Arteries.
    Artery,
    /// Veins, the portal vein included.
    Vein,
    /// Bones.
    Bone,
}

impl DrawnKind {
    fn kind(self) -> Kind {
        match self {
            Self::Tumour => Kind::Tumour,
            Self::LymphNode => Kind::LymphNode,
            Self::Nerve => Kind::Nerve,
            Self::Ureter => Kind::Ureter,
            Self::Organ => Kind::Organ,
            Self::Artery => Kind::Artery,
            Self::Vein => Kind::Vein,
            Self::Bone => Kind::Bone,
        }
    }
}

/// The structures of the wanted kinds as somebody draws them on a lattice: their boundary is off by half a
/// voxel (standard deviation), smoothly over 5 to 16 voxels, and what is thinner than a voxel is drawn a
/// voxel wide. Label 1 is the first of them, in the anatomy's order; where two overlap, the later counts.
pub fn delineation(anatomy: &Anatomy, grid: &Grid, wanted: &[DrawnKind], seed: u64) -> LabelVolume {
    let is_wanted = |s: &&Structure| wanted.iter().any(|kind| kind.kind() == Kind::from(s.kind));
    let drawn: Vec<&Structure> = anatomy.structures().iter().filter(is_wanted).collect();
    let [nx, ny, _] = grid.size();
    let spacing = grid.spacing_mm();
    let voxel_mm = spacing[0].max(spacing[1]).max(spacing[2]);
    // A sum of n waves of amplitude a has the variance n a² / 2.
    let amplitude = UNSTEADY_VOXELS * voxel_mm * (2.0 * WAVES as f64).sqrt();
    let lengths = (WAVE_VOXELS.0 * voxel_mm, WAVE_VOXELS.1 * voxel_mm);
    let mut values = vec![0; grid.count()];
    for (index, structure) in drawn.iter().enumerate() {
        let mut rng = stream(seed, Purpose::Delineation, index as u64);
        let waves = Waves::new(WAVES, lengths, amplitude, &mut rng);
        let bounds = structure.bounds().grown(amplitude + voxel_mm);
        let range = |axis: usize| grid.range(axis, bounds.low[axis], bounds.high[axis]);
        let (mut drawn_voxels, mut deepest) = (0_usize, (f64::INFINITY, None));
        for z in range(2) {
            for y in range(1) {
                for x in range(0) {
                    let place = grid.centre(x, y, z);
                    let distance = structure.signed_distance_mm(&place);
                    // Nothing is drawn that far off, and waves cost more than distances.
                    if distance > amplitude + voxel_mm {
                        continue;
                    }
                    let mut boundary = waves.value(&place);
                    if let Some((piece, _)) = structure.as_tubes().and_then(|t| t.nearest(&place)) {
                        let pieces = structure.as_tubes().map_or(&[][..], |t| t.segments());
                        let thinnest =
                            pieces[piece].start_radius_mm.min(pieces[piece].end_radius_mm);
                        // Half the diagonal of a voxel: then every voxel that the axis passes is drawn.
                        boundary = boundary.max(0.87 * voxel_mm - thinnest);
                    }
                    let voxel = (z * ny + y) * nx + x;
                    if distance < boundary {
                        values[voxel] = index as u8 + 1;
                        drawn_voxels += 1;
                    }
                    if distance < deepest.0 {
                        deepest = (distance, Some(voxel));
                    }
                }
            }
        }
        // Who sees a node smaller than a voxel draws that voxel.
        if let (0, Some(voxel)) = (drawn_voxels, deepest.1) {
            values[voxel] = index as u8 + 1;
        }
    }
    let table = drawn
        .iter()
        .enumerate()
        .map(|(index, s)| Label { value: index as u8 + 1, name: s.name.clone(), kind: s.kind })
        .collect();
    LabelVolume { grid: *grid, values, table }
}
