//! The status of a tool in BX2: a code, whether a pose is there, and which face is seen.

/// The status word of a tool, or of a frame as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ToolStatus(pub u16);

impl ToolStatus {
    /// Seen and enabled.
    pub const ENABLED: Self = Self(0);
    /// Partly out of the volume.
    pub const PARTIALLY_OUT_OF_VOLUME: Self = Self(3);
    /// Out of the volume.
    pub const OUT_OF_VOLUME: Self = Self(9);
    /// Too few markers seen.
    pub const TOO_FEW_MARKERS: Self = Self(13);
    /// Nothing seen.
    pub const MISSING: Self = Self(31);
    /// Not enabled.
    pub const NOT_ENABLED: Self = Self(32);
    /// Pulled out.
    pub const UNPLUGGED: Self = Self(33);
    /// The bit that says that no pose follows.
    const NO_POSE: u16 = 0x0100;

    /// The same code, without a pose.
    #[must_use]
    pub fn without_pose(self) -> Self {
        Self(self.0 | Self::NO_POSE)
    }

    /// Whether there is no pose.
    pub fn lacks_pose(self) -> bool {
        self.0 & Self::NO_POSE != 0
    }

    /// Whether the pose is averaged over several frames.
    pub fn is_averaged(self) -> bool {
        self.0 & 0x0200 != 0
    }

    /// Which face of a tool with several is seen, 0 to 7.
    pub fn face(self) -> u8 {
        (self.0 >> 13) as u8
    }

    /// The code alone.
    pub fn code(self) -> u8 {
        self.0 as u8
    }

    /// What the code says, and what to look at; nothing for a tool that is seen well.
    pub fn sentence(self) -> Option<&'static str> {
        Some(match self.code() {
            0 | 5 => return None,
            3 => {
                "partly out of volume: bring the whole tool into the measurement volume, or move the tracker"
            }
            9 => "out of volume: bring the tool into the measurement volume, or move the tracker",
            13 => "too few markers are seen: clear the line of sight and clean the markers",
            14 => "infrared light disturbs: turn off lamps or cover what shines",
            17 => {
                "the markers do not lie as the tool definition says: look for bent, wet or covered markers, or another tool of this shape"
            }
            18 => "too much is in view of the tracker: cover reflecting objects",
            19 => "too many markers are in view for the tracker to compute the pose: remove some",
            20 => "the tracker fell behind while computing: use fewer tools or a lower rate",
            21 => "the tracker's sensors are out of step: look at its cables",
            22 => "the tracker failed to compute the pose: if it comes again, it needs service",
            31 => "missing: no marker or sensor of the tool is seen; clear the line of sight",
            32 => "not enabled for tracking",
            33 => "not plugged in: plug the tool into the control unit",
            _ => {
                "the tracker gives a status that its public documents do not name; look it up in its manual"
            }
        })
    }
}
