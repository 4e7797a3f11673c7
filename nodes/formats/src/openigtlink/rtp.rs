//! Packets of RTP, in which parts of messages go through UDP.

use super::Error;
use super::fields::Fields;
use super::header::{Header, is_version};

/// Bytes of the header of a packet.
const HEADER_SIZE: usize = 12;

/// A packet of RTP (RFC 3550) with an OpenIGTLink header and a part of a body in it: what UDP carries.
///
/// Parts are not put together here; that needs the order in which packets came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtpPacket<'a> {
    /// The first byte: version 2 in its upper two bits.
    pub flags: u8,
    /// Marker and payload type.
    pub payload_type: u8,
    /// Counts packets.
    pub sequence: u16,
    /// The sender's clock.
    pub timestamp: u32,
    /// Names the sender.
    pub source: u32,
    /// What it carries: an OpenIGTLink header, and what follows it.
    pub payload: &'a [u8],
}

impl<'a> RtpPacket<'a> {
    /// Whether bytes begin as such a packet does.
    pub fn is_rtp(bytes: &[u8]) -> bool {
        let is_rtp = bytes.first().is_some_and(|byte| byte >> 6 == 2);
        let version = bytes.get(HEADER_SIZE..HEADER_SIZE + 2);
        is_rtp
            && version
                .is_some_and(|version| is_version(u16::from_be_bytes([version[0], version[1]])))
    }

    /// From a datagram, which is one packet.
    ///
    /// # Errors
    /// If it is no packet of RTP, or no OpenIGTLink header is in it.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut fields = Fields::new("RTP", bytes);
        let flags = fields.u8("the version of RTP")?;
        if flags >> 6 != 2 {
            return Err(fields.wrong("the version of RTP", 2, flags >> 6));
        }
        let packet = Self {
            flags,
            payload_type: fields.u8("the payload type")?,
            sequence: fields.u16("the sequence number")?,
            timestamp: fields.u32("the timestamp")?,
            source: fields.u32("the source")?,
            payload: fields.rest(),
        };
        packet.header()?;
        Ok(packet)
    }

    /// The header of the message of which the packet has a part; its CRC and size are those of the whole body.
    ///
    /// # Errors
    /// If there is none.
    pub fn header(&self) -> Result<Header, Error> {
        Header::begin(self.payload)
    }

    /// The bytes of the packet.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![self.flags, self.payload_type];
        bytes.extend(self.sequence.to_be_bytes());
        bytes.extend(self.timestamp.to_be_bytes());
        bytes.extend(self.source.to_be_bytes());
        bytes.extend(self.payload);
        bytes
    }
}
