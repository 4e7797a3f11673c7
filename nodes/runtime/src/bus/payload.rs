//! What came over the bus as plain bytes, borrowing shared memory where it lies there.

use std::borrow::Cow;

use bytes::Bytes;
use zenoh::bytes::ZBytes;

/// Keeps the received buffer (and with it the shared memory) while its bytes are borrowed.
struct Contiguous(ZBytes);

impl AsRef<[u8]> for Contiguous {
    fn as_ref(&self) -> &[u8] {
        match self.0.to_bytes() {
            Cow::Borrowed(bytes) => bytes,
            // `bytes` below made sure that the buffer is contiguous.
            Cow::Owned(_) => &[],
        }
    }
}

/// The bytes; copied only if they came in several pieces.
pub fn bytes(payload: ZBytes) -> Bytes {
    if let Cow::Owned(bytes) = payload.to_bytes() {
        return Bytes::from(bytes);
    }
    Bytes::from_owner(Contiguous(payload))
}
