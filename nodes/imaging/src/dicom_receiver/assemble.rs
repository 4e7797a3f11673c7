//! Messages put together from the pieces in which they come (DICOM PS3.7 section 6.3, annex F; PS3.8 annex E): pure.

use dicom_ul::pdu::{PDataValue, PDataValueType};
use formats::dicom::command::{Command, MOST_BYTES};

/// A whole message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The presentation context in which it came.
    pub context: u8,
    /// What it says.
    pub command: Command,
    /// The data set that came with it.
    pub data: Data,
}

/// The data set of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// There is none.
    None,
    /// Its bytes.
    Whole(Vec<u8>),
    /// It had more bytes than are taken, and was thrown away.
    TooLarge {
        /// How many bytes came.
        came: u64,
    },
}

/// Why pieces make no message; the association cannot go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// A piece of a data set came where a command was expected, or the other way about.
    #[error("the pieces of its messages come in the wrong order")]
    Order,
    /// The pieces of a message name different contexts.
    #[error("the pieces of a message are of several presentation contexts")]
    Context,
    /// A command is longer than any.
    #[error("a command is longer than {MOST_BYTES} bytes")]
    TooLong,
    /// A command cannot be understood.
    #[error("a command cannot be understood: {0}")]
    Command(String),
}

/// Puts messages together; what it holds is bounded.
pub struct Assembler {
    most: usize,
    context: Option<u8>,
    command: Vec<u8>,
    /// The command whose data set comes.
    read: Option<Command>,
    data: Vec<u8>,
    came: u64,
}

impl Assembler {
    /// Takes data sets of at most so many bytes.
    pub fn new(most: usize) -> Self {
        Self { most, context: None, command: Vec::new(), read: None, data: Vec::new(), came: 0 }
    }

    /// Takes the next piece; a message, if it was the last.
    ///
    /// # Errors
    /// If it does not go on where the last one ended.
    pub fn take(&mut self, piece: PDataValue) -> Result<Option<Message>, Flaw> {
        let context = *self.context.get_or_insert(piece.presentation_context_id);
        if context != piece.presentation_context_id {
            return Err(Flaw::Context);
        }
        match (piece.value_type, &self.read) {
            (PDataValueType::Command, None) => {
                if self.command.len() + piece.data.len() > MOST_BYTES {
                    return Err(Flaw::TooLong);
                }
                self.command.extend(piece.data);
                if !piece.is_last {
                    return Ok(None);
                }
                let command = Command::read(&self.command);
                let command = command.map_err(|error| Flaw::Command(error.to_string()))?;
                self.command.clear();
                let more = matches!(
                    command,
                    Command::StoreRequest { .. } | Command::Other { has_data_set: true, .. }
                );
                if more {
                    self.read = Some(command);
                    return Ok(None);
                }
                self.context = None;
                Ok(Some(Message { context, command, data: Data::None }))
            }
            (PDataValueType::Data, Some(_)) => {
                self.came += piece.data.len() as u64;
                if self.came > self.most as u64 {
                    self.data = Vec::new();
                } else {
                    self.data.extend(piece.data);
                }
                let Some(command) = self.read.take_if(|_| piece.is_last) else { return Ok(None) };
                self.context = None;
                let (data, came) = (std::mem::take(&mut self.data), std::mem::take(&mut self.came));
                let is_whole = came <= self.most as u64;
                let data = if is_whole { Data::Whole(data) } else { Data::TooLarge { came } };
                Ok(Some(Message { context, command, data }))
            }
            _ => Err(Flaw::Order),
        }
    }

    /// Whether a message has begun and not ended.
    pub fn is_within(&self) -> bool {
        self.context.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn store(id: u16) -> Command {
        Command::StoreRequest { id, class: "1.2.3".to_owned(), instance: "1.2.3.4".to_owned() }
    }

    fn pieces(context: u8, kind: PDataValueType, bytes: &[u8], length: usize) -> Vec<PDataValue> {
        let parts: Vec<&[u8]> = bytes.chunks(length.max(1)).collect();
        let last = parts.len() - 1;
        let each = parts.iter().enumerate().map(|(at, part)| PDataValue {
            presentation_context_id: context,
            value_type: kind.clone(),
            is_last: at == last,
            data: part.to_vec(),
        });
        each.collect()
    }

    proptest! {
        #[test]
        fn a_message_is_the_same_however_it_is_cut(
            data in proptest::collection::vec(any::<u8>(), 1..300),
            first in 1_usize..90,
            second in 1_usize..90,
            most in 1_usize..300,
        ) {
            let mut assembler = Assembler::new(most);
            // Twice: what is left of one must not get into the next.
            for id in [1, 2] {
                let mut all = pieces(5, PDataValueType::Command, &store(id).bytes(), first);
                all.extend(pieces(5, PDataValueType::Data, &data, second));
                let last = all.pop().unwrap();
                for piece in all {
                    prop_assert_eq!(assembler.take(piece).unwrap(), None);
                    prop_assert!(assembler.is_within());
                }
                let came = data.len() as u64;
                let expected = if data.len() <= most {
                    Data::Whole(data.clone())
                } else {
                    Data::TooLarge { came }
                };
                let message = assembler.take(last).unwrap().unwrap();
                prop_assert_eq!(message, Message { context: 5, command: store(id), data: expected });
                prop_assert!(!assembler.is_within());
            }
        }
    }

    #[test]
    fn pieces_that_do_not_go_on_are_refused() {
        let command =
            |context, length| pieces(context, PDataValueType::Command, &store(1).bytes(), length);
        let data = |context| pieces(context, PDataValueType::Data, &[1, 2], 2).remove(0);
        let take = |all: Vec<PDataValue>| {
            let mut assembler = Assembler::new(100);
            all.into_iter().map(|piece| assembler.take(piece)).collect::<Result<Vec<_>, _>>()
        };
        assert_eq!(take(vec![data(1)]), Err(Flaw::Order));
        let whole = || command(1, 1000).remove(0);
        assert_eq!(take(vec![whole(), whole()]), Err(Flaw::Order));
        assert_eq!(take(vec![whole(), data(3)]), Err(Flaw::Context));
        assert_eq!(take(vec![command(1, 10).remove(0), data(1)]), Err(Flaw::Order));
        let long = PDataValue {
            presentation_context_id: 1,
            value_type: PDataValueType::Command,
            is_last: false,
            data: vec![0; MOST_BYTES + 1],
        };
        assert_eq!(take(vec![long]), Err(Flaw::TooLong));
        let nonsense = pieces(1, PDataValueType::Command, &[9; 40], 40);
        assert!(matches!(take(nonsense), Err(Flaw::Command(_))));
        assert!(take(vec![whole(), data(1)]).is_ok());
    }
}
