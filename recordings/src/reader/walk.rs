//! Steps through the records of a file without trusting any of its lengths.

use mcap::records::op;

/// One record of the file.
#[derive(Clone, Copy, Debug)]
pub struct RawRecord<'a> {
    /// Where it starts.
    pub at: usize,
    /// What it is.
    pub opcode: u8,
    /// All of it, opcode and length included.
    pub whole: &'a [u8],
    /// Without opcode and length.
    pub body: &'a [u8],
}

/// Opcode and length.
const HEAD: usize = 9;

/// The record at `at`.
///
/// # Errors
/// Says what is wrong if there is none.
pub fn record(bytes: &[u8], at: usize) -> Result<RawRecord<'_>, String> {
    let rest = bytes.get(at..).unwrap_or_default();
    let Some((head, _)) = rest.split_first_chunk::<HEAD>() else {
        return Err(format!(
            "the file ends in the middle of a record, {} bytes into it",
            rest.len()
        ));
    };
    let opcode = head[0];
    let length = u64::from_le_bytes(std::array::from_fn(|i| head[i + 1]));
    let whole =
        usize::try_from(length).ok().and_then(|length| rest.get(..HEAD.checked_add(length)?));
    let Some(whole) = whole else {
        return Err(format!(
            "a record of kind 0x{opcode:02x} says that it has {length} bytes, but the file ends {} bytes later",
            rest.len() - HEAD
        ));
    };
    if opcode == 0 {
        return Err("the record has the forbidden kind 0".to_owned());
    }
    Ok(RawRecord { at, opcode, whole, body: &whole[HEAD..] })
}

/// Whether the lengths inside a record fit it: the `mcap` crate trusts those of an attachment, and
/// takes a wrong one of metadata.
pub fn is_consistent(record: &RawRecord<'_>) -> bool {
    let body = record.body;
    let length = |at: usize| {
        let head = body.get(at..at.checked_add(4)?)?;
        Some(u32::from_le_bytes(std::array::from_fn(|i| head[i])) as usize)
    };
    let string = |at: usize| (at + 4).checked_add(length(at)?);
    match record.opcode {
        // Two times, two strings and the length of the data, then a checksum of four bytes.
        op::ATTACHMENT => {
            let data = string(16).and_then(string).and_then(|at| at.checked_add(8));
            data.and_then(|at| at.checked_add(4)).is_some_and(|end| end <= body.len())
        }
        // A name and a map, which takes the rest.
        op::METADATA => string(0)
            .is_some_and(|at| length(at).is_some_and(|length| at + 4 + length == body.len())),
        _ => true,
    }
}
