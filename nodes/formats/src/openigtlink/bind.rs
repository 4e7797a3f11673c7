//! BIND: several messages in one, of one instant; `GET_BIND` and `STT_BIND` ask for such.

use serde::{Deserialize, Serialize};

use super::fields::{Fields, count};
use super::{Content, Error, Text, Timestamp, json};

/// BIND: messages that belong together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bind {
    /// The messages.
    pub children: Vec<BoundMessage>,
    /// What follows the names of the messages: a zero, where their length is odd.
    #[serde(default, with = "json::base64", skip_serializing_if = "Vec::is_empty")]
    pub after_names: Vec<u8>,
    /// Whether the last message, of odd length, lacks the byte that should follow it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_last_unpadded: bool,
}

/// A message within a [`Bind`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BoundMessage {
    /// Its type.
    #[serde(rename = "type")]
    pub type_name: Text<12>,
    /// Its device name; nothing if the names are left out.
    pub device: Option<ChildName>,
    /// What it holds. A [`Bind`] in a [`Bind`] and so on is read four deep, and kept as bytes below.
    #[serde(flatten)]
    pub content: Content,
    /// The byte that follows it if its length is odd.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub padding: u8,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(byte: &u8) -> bool {
    *byte == 0
}

/// Device name of a message within another, of any length, without a zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChildName(#[serde(with = "json::text")] pub Vec<u8>);

impl Bind {
    /// Of messages with their types and device names.
    ///
    /// # Errors
    /// If a type has more than 12 bytes.
    pub fn new<'a>(
        children: impl IntoIterator<Item = (&'a str, &'a str, Content)>,
    ) -> Result<Self, Error> {
        let children = children.into_iter().map(|(type_name, device, content)| {
            let type_name = Text::new(type_name, "the type of a message within BIND")?;
            let device = Some(ChildName(device.as_bytes().to_vec()));
            Ok(BoundMessage { type_name, device, content, padding: 0 })
        });
        let children = children.collect::<Result<Vec<_>, Error>>()?;
        let names = children.iter().filter_map(|child| child.device.as_ref());
        let is_odd = names.map(|name| name.0.len() + 1).sum::<usize>() % 2 == 1;
        Ok(Self { children, after_names: vec![0; is_odd.into()], is_last_unpadded: false })
    }

    pub(super) fn read(fields: &mut Fields<'_>, depth: u8) -> Result<Self, Error> {
        let children = fields.u16("the count of messages")?;
        let heads = fields.take_each(children.into(), 20, "the types and sizes of messages")?;
        let (heads, _) = heads.as_chunks::<20>();
        let (names, after_names) = read_names(fields, heads.len())?;
        let mut bind = Self { children: vec![], after_names, is_last_unpadded: false };
        for (head, device) in heads.iter().zip(names) {
            let mut head = Fields::new(fields.message, head);
            let type_name: Text<12> = head.text("the type of a message")?;
            let size = head.u64("the size of a message")?;
            let bytes = fields.take_each(size, 1, "a message within it")?;
            let content = Content::read(&type_name, bytes, depth + 1)?;
            let mut padding = 0;
            if size % 2 == 1 {
                let is_last = bind.children.len() + 1 == heads.len();
                if is_last && fields.left() == 0 {
                    bind.is_last_unpadded = true;
                } else {
                    padding = fields.u8("the byte after a message of odd length")?;
                }
            }
            bind.children.push(BoundMessage { type_name, device, content, padding });
        }
        Ok(bind)
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) -> Result<(), Error> {
        let mut bodies = vec![];
        bytes.extend(
            count::<u16>("the list of messages within BIND", self.children.len())?.to_be_bytes(),
        );
        for (index, child) in self.children.iter().enumerate() {
            let start = bodies.len();
            child.content.write(&child.type_name, &mut bodies)?;
            let size = (bodies.len() - start) as u64;
            bytes.extend(child.type_name.as_bytes());
            bytes.extend(size.to_be_bytes());
            let is_last = index + 1 == self.children.len();
            if size % 2 == 1 && !(is_last && self.is_last_unpadded) {
                bodies.push(child.padding);
            }
        }
        let names = self.children.iter().map(|child| child.device.as_ref());
        write_names(names, &self.after_names, bytes)?;
        bytes.extend(bodies);
        Ok(())
    }
}

/// `GET_BIND`: asks for messages, of these types and names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BindRequest {
    /// What is asked for.
    pub children: Vec<RequestedChild>,
    /// What follows the names, as in [`Bind::after_names`].
    #[serde(default, with = "json::base64", skip_serializing_if = "Vec::is_empty")]
    pub after_names: Vec<u8>,
}

/// A message that a [`BindRequest`] asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestedChild {
    /// Its type.
    #[serde(rename = "type")]
    pub type_name: Text<12>,
    /// Its device name; nothing if the names are left out.
    pub device: Option<ChildName>,
}

impl BindRequest {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        let children = fields.u16("the count of messages")?;
        let types = fields.take_each(children.into(), 12, "the types of messages")?;
        let (types, _) = types.as_chunks::<12>();
        let (names, after_names) = read_names(fields, types.len())?;
        let children = types.iter().zip(names).map(|(type_name, device)| RequestedChild {
            type_name: Text::from_bytes(*type_name),
            device,
        });
        Ok(Self { children: children.collect(), after_names })
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) -> Result<(), Error> {
        bytes.extend(
            count::<u16>("the list of messages within BIND", self.children.len())?.to_be_bytes(),
        );
        self.children.iter().for_each(|child| bytes.extend(child.type_name.as_bytes()));
        write_names(
            self.children.iter().map(|child| child.device.as_ref()),
            &self.after_names,
            bytes,
        )
    }
}

/// `STT_BIND`: asks for messages from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartBind {
    /// Least time between two of them.
    pub interval: Timestamp,
    /// Which ones; nothing asks for all.
    pub request: Option<BindRequest>,
}

impl StartBind {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        let interval = Timestamp::from_bits(fields.u64("the interval")?);
        let request = (fields.left() > 0).then(|| BindRequest::read(fields)).transpose()?;
        Ok(Self { interval, request })
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) -> Result<(), Error> {
        bytes.extend(self.interval.to_bits().to_be_bytes());
        self.request.as_ref().map_or(Ok(()), |request| request.write(bytes))
    }
}

type Names = Vec<Option<ChildName>>;

/// So many names, each with a zero after it, and what follows them; without names where the table is empty.
fn read_names(fields: &mut Fields<'_>, count: usize) -> Result<(Names, Vec<u8>), Error> {
    let size = fields.u16("the size of the names")?;
    let mut table = Fields::new(fields.message, fields.take(size.into(), "the names")?);
    let mut names = vec![];
    for _ in 0..count {
        let is_there = table.left() > 0;
        let name = is_there.then(|| table.until_zero("the name of a message")).transpose()?;
        names.push(name.map(|name| ChildName(name.to_vec())));
    }
    Ok((names, table.rest().to_vec()))
}

fn write_names<'a>(
    names: impl Iterator<Item = Option<&'a ChildName>>,
    after: &[u8],
    bytes: &mut Vec<u8>,
) -> Result<(), Error> {
    let mut table = vec![];
    let mut is_left_out = false;
    for name in names {
        match name {
            Some(name) if !is_left_out && !name.0.contains(&0) => {
                table.extend(&name.0);
                table.push(0);
            }
            Some(_) => {
                let reason = "a name of a message should have no zero in it, and none after the first may be left out";
                return Err(Error::unwritable("BIND", reason));
            }
            None => is_left_out = true,
        }
    }
    if is_left_out && !after.is_empty() {
        return Err(Error::unwritable("BIND", "nothing can follow names that are left out"));
    }
    table.extend(after);
    bytes.extend(count::<u16>("the names of messages within BIND", table.len())?.to_be_bytes());
    bytes.extend(table);
    Ok(())
}
