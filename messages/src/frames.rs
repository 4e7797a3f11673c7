//! Coordinate frames as types, so that transforms between the wrong neighbours do not compile.

/// A coordinate frame.
pub trait Frame: Copy + Send + Sync + 'static {
    /// The name on the wire, in graph files and in Rerun.
    const NAME: &'static str;
}

macro_rules! frames {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {}
        impl Frame for $name { const NAME: &'static str = $text; }
    )*};
}

frames! {
    /// The patient reference sensor; everything that guides is expressed in it. Millimetres, LPS
    /// once a registration has aligned it.
    Patient = "patient";
    /// The image from before the procedure, with the structures segmented in it: millimetres, LPS.
    Preoperative = "preoperative";
    /// The tracking system's own origin, millimetres.
    Tracker = "tracker";
    /// Any tracked tool whose name is known only at run time, millimetres.
    Tool = "tool";
    /// The sensor on the ultrasound probe, millimetres.
    Probe = "probe";
    /// Pixels of a two-dimensional image: x to the right, y down, origin at the centre of the top
    /// left pixel, z out of the plane.
    Image = "image";
    /// Indices of a volume: the centre of the first voxel is (0, 0, 0).
    Voxel = "voxel";
}

/// The type's own name, for messages to developers.
pub(crate) fn frame_name<F>() -> &'static str {
    let path = std::any::type_name::<F>();
    path.rsplit("::").next().unwrap_or(path)
}
