//! Streams of NDI's Combined API: in pieces, cut off, damaged, mixed with noise; nothing wrong is ever taken for right.
#![allow(clippy::unwrap_used, clippy::wildcard_imports, missing_docs, reason = "tests")]

mod ndi_samples;

use formats::ndi::*;
use ndi_samples::{commands, replies};
use proptest::prelude::*;

/// All replies, and how often there was an error.
fn take_all(decoder: &mut ReplyDecoder) -> (Vec<Reply>, usize) {
    let (mut replies, mut errors) = (vec![], 0);
    loop {
        match decoder.next_reply() {
            Ok(Some(reply)) => replies.push(reply),
            Ok(None) => return (replies, errors),
            Err(_) => errors += 1,
        }
    }
}

/// Replies whose bytes a CRC guards.
fn guarded() -> Vec<Reply> {
    let long = |reply: &Reply| matches!(reply, Reply::Binary(Binary::Long(_)));
    replies().into_iter().filter(|reply| !long(reply)).collect()
}

fn bytes_of(replies: &[Reply]) -> Vec<u8> {
    replies.iter().flat_map(|reply| reply.encode().unwrap()).collect()
}

#[test]
fn replies_in_pieces_of_any_size() {
    let bytes = bytes_of(&replies());
    for size in [1, 2, 3, 7, 64, 1000] {
        let mut decoder = ReplyDecoder::new();
        let mut came = vec![];
        for piece in bytes.chunks(size) {
            decoder.feed(piece);
            let (replies, errors) = take_all(&mut decoder);
            assert_eq!(errors, 0);
            came.extend(replies);
        }
        assert_eq!(came, replies());
        assert_eq!(decoder.pending(), 0);
    }
}

/// What is cut off is no reply, and the next reply after it is found.
#[test]
fn a_reply_cut_off_anywhere() {
    for reply in guarded() {
        let whole = reply.encode().unwrap();
        for end in 1..whole.len() {
            let mut decoder = ReplyDecoder::new();
            decoder.feed(&whole[..end]);
            let (came, errors) = take_all(&mut decoder);
            assert_eq!((came.len(), errors), (0, 0), "{reply:?} to {end}");
            // Enough follows for what the cut one still waits for.
            let okays = 2 + whole.len() / 9;
            decoder.feed(&bytes_of(&vec![Reply::Okay; okays]));
            let (came, errors) = take_all(&mut decoder);
            assert!(errors > 0, "{reply:?} to {end}");
            assert!(!came.is_empty() && came.iter().all(|reply| *reply == Reply::Okay));
        }
    }
}

/// Any single changed byte: the reply is refused, or is what it was; those after it come through.
#[test]
fn a_changed_byte_is_never_taken() {
    for reply in guarded() {
        let whole = reply.encode().unwrap();
        for at in 0..whole.len() {
            for mask in [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff] {
                let mut changed = whole.clone();
                changed[at] ^= mask;
                let mut decoder = ReplyDecoder::new();
                decoder.feed(&changed);
                decoder.feed(&bytes_of(&vec![Reply::Okay; 2 + whole.len() / 9]));
                let (came, errors) = take_all(&mut decoder);
                // The four digits of a CRC may be of either case.
                let is_same = changed.eq_ignore_ascii_case(&whole) && changed.is_ascii();
                let others = came.iter().filter(|other| **other != Reply::Okay).count();
                if is_same && errors == 0 {
                    continue;
                }
                assert!(errors > 0, "{reply:?} at {at} ^ {mask:02x}: {came:?}");
                assert!(others == 0, "{reply:?} at {at} ^ {mask:02x}: {came:?}");
                assert!(came.contains(&Reply::Okay));
            }
        }
    }
}

#[test]
fn noise_between_replies_is_counted_and_skipped() {
    let mut decoder = ReplyDecoder::new();
    decoder.feed(&[0, 255, 0, 17]);
    decoder.feed(&Reply::Okay.encode().unwrap());
    assert_eq!(decoder.next_reply(), Err(Error::Garbage { count: 4 }));
    assert_eq!(decoder.next_reply(), Ok(Some(Reply::Okay)));
    // An old line that nobody ended, and then a binary reply.
    decoder.feed(b"OKA");
    assert_eq!(decoder.next_reply(), Ok(None));
    let binary = Reply::Binary(Binary::Checked(vec![1, 2, 3]));
    decoder.feed(&binary.encode().unwrap());
    assert_eq!(decoder.next_reply(), Err(Error::Garbage { count: 3 }));
    assert_eq!(decoder.next_reply(), Ok(Some(binary)));
}

#[test]
fn memory_is_bounded() {
    let mut decoder = ReplyDecoder::with_limit(1000);
    let mut errors = 0;
    for _ in 0..1000 {
        decoder.feed(&[b'x'; 100]);
        errors += take_all(&mut decoder).1;
        assert!(decoder.pending() <= 1100);
    }
    assert!(errors > 80);
    // A long reply that promises more than the limit.
    decoder.clear();
    decoder.feed(&[0xc8, 0xa5, 0xff, 0xff, 0xff, 0x7f]);
    assert_eq!(decoder.next_reply(), Err(Error::TooLong { limit: 1000 }));
    let mut decoder = CommandDecoder::new();
    let mut refused = 0;
    for _ in 0..1000 {
        decoder.feed(&[b'X'; 100]);
        while let Some(result) = decoder.next_command().transpose() {
            assert_eq!(result.unwrap_err().answer, DeviceError::TOO_LONG);
            refused += 1;
        }
    }
    assert_eq!(refused, 1);
    decoder.feed(b"X\rINIT\r");
    assert_eq!(decoder.next_command().unwrap(), Some((Command::Init, Form::Plain)));
}

#[test]
fn commands_in_pieces_with_damaged_ones_between() {
    let mut bytes = vec![];
    for command in commands() {
        bytes.extend(command.encode(Form::Checked).unwrap());
        bytes.extend(b"TX:08010000\r");
    }
    for size in [1, 5, 4096] {
        let mut decoder = CommandDecoder::new();
        let (mut came, mut refused) = (vec![], vec![]);
        for piece in bytes.chunks(size) {
            decoder.feed(piece);
            loop {
                match decoder.next_command() {
                    Ok(Some((command, _))) => came.push(command),
                    Ok(None) => break,
                    Err(error) => refused.push(error.answer),
                }
            }
        }
        assert_eq!(came, commands());
        assert_eq!(refused, vec![DeviceError::BAD_CRC; commands().len()]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Bytes that are anything give errors and no panic, and what comes after them is found.
    #[test]
    fn anything_at_all(noise in prop::collection::vec(any::<u8>(), 0..300), cut in 0_usize..300) {
        let mut decoder = ReplyDecoder::with_limit(4096);
        let (first, second) = noise.split_at(cut.min(noise.len()));
        decoder.feed(first);
        take_all(&mut decoder);
        decoder.feed(second);
        take_all(&mut decoder);
        decoder.clear();
        decoder.feed(&Reply::Okay.encode().unwrap());
        prop_assert_eq!(take_all(&mut decoder), (vec![Reply::Okay], 0));
        let mut commands = CommandDecoder::new();
        commands.feed(&noise);
        while !matches!(commands.next_command(), Ok(None)) {}
        let _ = Gbf::from_body(&noise);
        let _ = Rom::read(&noise);
        for options in [0x0801, 0x180f, 0x0001] {
            let _ = Bx::from_body(&noise, ReplyOptions(options));
        }
    }
}
