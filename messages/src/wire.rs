//! A message as bytes: a CBOR sequence whose arrays lie aligned and whole.
//!
//! ```text
//! item 0        envelope   map: who, when, which, and what arrays follow
//! item 1        value      map: the message without its arrays (null for marks and ends)
//! items 2, 3    padding, array 0     byte strings; the array's data starts at a multiple of 64
//! items 4, 5    padding, array 1     …
//! last item     checksums  one byte string for each array: xxh3 of each 1 MiB block, little-endian
//! ```
//! The sequence follows RFC 8742, the checksums XXH3-64 with seed 0. The last item is there only if
//! there are arrays. In Python:
//!
//! ```python
//! items = []; stream = io.BytesIO(payload)
//! while stream.tell() < len(payload): items.append(cbor2.load(stream))
//! envelope, value = items[:2]
//! arrays = {d["name"]: np.frombuffer(items[3 + 2 * i], d["element"]).reshape(d["shape"])
//!           for i, d in enumerate(envelope["arrays"])}
//! ```

mod checksum;
mod decode;
mod encode;
mod envelope;

pub use checksum::{BLOCK, block_checksums};
pub use decode::{Array, Received, exactly};
pub use encode::{ArrayRef, Encoded, control, message};
pub use envelope::{ArrayDescription, Envelope, Kind, Origin, Validity};

/// The alignment of each array's first byte, counted from the first byte of the message.
pub const ALIGNMENT: usize = 64;

/// Why bytes are no message, or not the one that was expected.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The envelope or the value is no CBOR of the right form.
    #[error("cannot read the {part} of a message of {length} bytes: {reason}")]
    Cbor {
        /// Which part.
        part: &'static str,
        /// Bytes in the message.
        length: usize,
        /// What the decoder says.
        reason: String,
    },
    /// Another message came than was expected.
    #[error(
        "expected {expected} v{expected_version}, but {came} v{came_version} came; connect a port of the same type, or convert the recording"
    )]
    Schema {
        /// The expected schema.
        expected: &'static str,
        /// Its version.
        expected_version: u32,
        /// What came.
        came: String,
        /// Its version.
        came_version: u32,
    },
    /// The coordinates are in other frames than expected.
    #[error(
        "expected {schema} in the frames [{expected}], but it came in [{came}]; check which frames the producer is configured for"
    )]
    Frames {
        /// The schema.
        schema: &'static str,
        /// The expected frames.
        expected: String,
        /// What came.
        came: String,
    },
    /// A mark, an end or a blank came where a value was expected.
    #[error("expected a value, but this is a {0:?} that carries none")]
    NoValue(Kind),
    /// The arrays are not what the envelope or the header says.
    #[error("the arrays of this {schema} do not fit its header: {reason}")]
    Arrays {
        /// The schema.
        schema: &'static str,
        /// What does not fit.
        reason: String,
    },
    /// The bytes end early, or more follow than belongs to the message.
    #[error("the message is damaged at byte {at} of {length}: {reason}")]
    Damaged {
        /// Where.
        at: usize,
        /// Bytes in the message.
        length: usize,
        /// What is wrong there.
        reason: String,
    },
    /// An array is not what was sent.
    #[error(
        "array `{array}` was changed on its way: block {block} has xxh3 {came:016x}, expected {expected:016x}"
    )]
    Checksum {
        /// Its name.
        array: String,
        /// Which 1 MiB block.
        block: usize,
        /// What the sender computed.
        expected: u64,
        /// What arrived.
        came: u64,
    },
}
