//! Label volumes: which structure each voxel's centre lies in.

use messages::Point;

use crate::anatomy::Anatomy;
use crate::anatomy::grid::{Grid, in_bands};
use crate::anatomy::structure::StructureKind;

/// One row of the table of labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// The value of its voxels, 1 to 255.
    pub value: u8,
    /// Name of the structure.
    pub name: String,
    /// Kind of the structure.
    pub kind: StructureKind,
}

/// Labels on a lattice; 0 where there is no structure.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelVolume {
    /// The lattice.
    pub grid: Grid,
    /// One value for each voxel; x runs fastest, then y, then z.
    pub values: Vec<u8>,
    /// What the values mean.
    pub table: Vec<Label>,
}

/// The structures of `patient` on a lattice: voxel value `i + 1` is structure `i`, where several
/// overlap the topmost one.
pub fn label_volume(anatomy: &Anatomy, grid: &Grid, threads: usize) -> LabelVolume {
    let mut values = vec![0; grid.count()];
    let [nx, ny, _] = grid.size();
    in_bands(grid, &mut values, threads, |first, band| {
        for (index, value) in band.iter_mut().enumerate() {
            let (x, y, z) = (index % nx, index / nx % ny, first + index / (nx * ny));
            let structure = anatomy.structure_at(Point::new(grid.centre(x, y, z)));
            *value = structure.map_or(0, |s| s as u8 + 1);
        }
    });
    LabelVolume { grid: *grid, values, table: table(anatomy) }
}

/// What the labels of an anatomy mean.
pub(crate) fn table(anatomy: &Anatomy) -> Vec<Label> {
    let label = |(index, s): (usize, &crate::anatomy::structure::Structure)| Label {
        value: index as u8 + 1,
        name: s.name.clone(),
        kind: s.kind,
    };
    anatomy.structures().iter().enumerate().map(label).collect()
}
