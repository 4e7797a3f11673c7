//! Which port handles there are (the answer to PHSR), and a new one (the answer to PHRQ).

use super::fields::Fields;
use super::{Error, PortStatus};

/// One port handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PortHandle {
    /// Its number, 1 to 255.
    pub handle: u8,
    /// Its status, 12 bits.
    pub status: PortStatus,
}

/// Some port handles, 255 at most.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortHandles(pub Vec<PortHandle>);

impl PortHandles {
    /// Of the text of a reply to PHSR.
    ///
    /// # Errors
    /// If it is not as long as its count says.
    pub fn from_text(text: &str) -> Result<Self, Error> {
        let mut fields = Fields::new("PHSR", text.as_bytes());
        let count = fields.hex(2, "the count of handles")?;
        let handles = (0..count)
            .map(|_| {
                let handle = fields.hex(2, "a handle")? as u8;
                Ok(PortHandle {
                    handle,
                    status: PortStatus(fields.hex(3, "the status of a handle")?),
                })
            })
            .collect::<Result<_, Error>>()?;
        fields.end()?;
        Ok(Self(handles))
    }

    /// The text of a reply to PHSR; 255 handles and 12 bits of each status at most.
    pub fn to_text(&self) -> String {
        use std::fmt::Write as _;

        let handles = &self.0[..self.0.len().min(255)];
        let mut text = format!("{:02X}", handles.len());
        for PortHandle { handle, status } in handles {
            let _ = write!(text, "{handle:02X}{:03X}", status.0 & 0xfff);
        }
        text
    }

    /// The handle in the text of a reply to PHRQ.
    ///
    /// # Errors
    /// If it is not two hexadecimal digits.
    pub fn requested(text: &str) -> Result<u8, Error> {
        let mut fields = Fields::new("PHRQ", text.as_bytes());
        let handle = fields.hex(2, "the handle")? as u8;
        fields.end()?;
        Ok(handle)
    }
}
