//! What a host wants of BX2.

use std::fmt;

use super::Error;

/// Which single markers are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Markers3d {
    /// None.
    #[default]
    None,
    /// Those on tools.
    Tools,
    /// Those on no tool.
    Strays,
    /// All.
    All,
}

/// What a host wants of BX2; by default poses and buttons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bx2Options {
    /// Poses of tools.
    pub poses: bool,
    /// Places of single markers.
    pub markers: Markers3d,
    /// Buttons.
    pub buttons: bool,
}

impl Default for Bx2Options {
    fn default() -> Self {
        Self { poses: true, markers: Markers3d::None, buttons: true }
    }
}

impl fmt::Display for Bx2Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let poses = if self.poses { "tools" } else { "none" };
        let markers = match self.markers {
            Markers3d::None => "none",
            Markers3d::Tools => "tools",
            Markers3d::Strays => "strays",
            Markers3d::All => "all",
        };
        let buttons = if self.buttons { "buttons" } else { "none" };
        write!(f, "--6d={poses} --3d={markers} --sensor=none --1d={buttons}")
    }
}

impl Bx2Options {
    /// Of the words after BX2; what is not named is as by default.
    ///
    /// # Errors
    /// If a word is not known, or wants images and lines of sight, which this codec does not have.
    pub fn from_text(text: &str) -> Result<Self, Error> {
        let mut options = Self::default();
        for word in text.split_ascii_whitespace() {
            match word {
                "--6d=tools" => options.poses = true,
                "--6d=none" => options.poses = false,
                "--3d=none" => options.markers = Markers3d::None,
                "--3d=tools" => options.markers = Markers3d::Tools,
                "--3d=strays" => options.markers = Markers3d::Strays,
                "--3d=all" => options.markers = Markers3d::All,
                "--1d=buttons" => options.buttons = true,
                "--1d=none" => options.buttons = false,
                "--2d=none" | "--sensor=none" => {}
                other => {
                    let came = super::error::quoted(other.as_bytes());
                    return Err(Error::field("BX2", "an option", "such as --6d=tools", came));
                }
            }
        }
        Ok(options)
    }
}
