//! The voxel lattice of label and image volumes.

use nalgebra::{Point3, Vector3};
use thiserror::Error;

use crate::anatomy::bounds::Bounds;

/// Why a lattice is not usable.
#[derive(Clone, Debug, Error, PartialEq)]
#[error(
    "a lattice of {size:?} voxels at {spacing_mm:?} mm is not usable; expected 1 to 2^30 voxels and finite spacings above 0 mm"
)]
pub struct InvalidGrid {
    /// Voxels along x, y, z.
    pub size: [usize; 3],
    /// Spacing along x, y, z.
    pub spacing_mm: [f64; 3],
}

/// Voxels along the axes of the frame `Patient`; x runs fastest in memory, then y, then z.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    size: [usize; 3],
    spacing_mm: [f64; 3],
    origin: Point3<f64>,
}

impl Grid {
    /// A lattice of `size` voxels at `spacing_mm` along x, y, z; `origin` is the centre of the first
    /// voxel, mm.
    ///
    /// # Errors
    /// When there is no voxel, there are more than 2³⁰, or a number is not usable.
    pub fn new(
        size: [usize; 3],
        spacing_mm: [f64; 3],
        origin: Point3<f64>,
    ) -> Result<Self, InvalidGrid> {
        let count = size.iter().try_fold(1_usize, |all, n| all.checked_mul(*n));
        let usable = count.is_some_and(|n| (1..=1 << 30).contains(&n))
            && spacing_mm.iter().all(|s| s.is_finite() && *s > 0.0)
            && origin.iter().all(|c| c.is_finite());
        if usable {
            Ok(Self { size, spacing_mm, origin })
        } else {
            Err(InvalidGrid { size, spacing_mm })
        }
    }

    /// The least lattice of even spacing whose voxel centres span `bounds`.
    ///
    /// # Errors
    /// As [`Grid::new`].
    pub fn around(bounds: &Bounds, spacing_mm: f64) -> Result<Self, InvalidGrid> {
        let counts = (bounds.high - bounds.low).map(|e| (e / spacing_mm).ceil().max(0.0) as usize);
        let size = [counts.x, counts.y, counts.z].map(|n| n.saturating_add(1));
        Self::new(size, [spacing_mm; 3], bounds.low)
    }

    /// Voxels along x, y, z.
    pub fn size(&self) -> [usize; 3] {
        self.size
    }

    /// Distance between voxel centres along x, y, z, mm.
    pub fn spacing_mm(&self) -> [f64; 3] {
        self.spacing_mm
    }

    /// Centre of the first voxel, frame `Patient`, mm.
    pub fn origin(&self) -> Point3<f64> {
        self.origin
    }

    /// Number of voxels.
    pub fn count(&self) -> usize {
        self.size.iter().product()
    }

    /// Centre of a voxel, mm.
    #[inline]
    pub fn centre(&self, x: usize, y: usize, z: usize) -> Point3<f64> {
        self.origin
            + Vector3::new(x as f64, y as f64, z as f64)
                .component_mul(&Vector3::from(self.spacing_mm))
    }

    /// Indices along one axis of the voxels whose centres lie from `low` to `high`, mm.
    pub(crate) fn range(&self, axis: usize, low: f64, high: f64) -> std::ops::Range<usize> {
        let at = |value: f64| (value - self.origin[axis]) / self.spacing_mm[axis];
        let first = at(low).ceil().clamp(0.0, self.size[axis] as f64) as usize;
        let last = (at(high).floor() + 1.0).clamp(0.0, self.size[axis] as f64) as usize;
        first..last.max(first)
    }
}

/// Runs `work` on bands of whole slices in `threads` threads (at least one): it gets the first slice
/// of its band and the band's values. What it writes must depend on the place only.
pub(crate) fn in_bands<T: Send>(
    grid: &Grid,
    values: &mut [T],
    threads: usize,
    work: impl Fn(usize, &mut [T]) + Sync,
) {
    let slice = grid.size[0] * grid.size[1];
    let slices = grid.size[2].div_ceil(threads.clamp(1, grid.size[2]));
    std::thread::scope(|scope| {
        let mut bands = values.chunks_mut(slice * slices).enumerate();
        // The caller's thread takes the first band.
        let first = bands.next();
        for (number, band) in bands {
            let work = &work;
            scope.spawn(move || work(number * slices, band));
        }
        if let Some((_, band)) = first {
            work(0, band);
        }
    });
}
