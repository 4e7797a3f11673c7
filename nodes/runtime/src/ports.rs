//! The typed ports of a node, each an enum with one variant for each port.

use messages::message::Schema;
use messages::wire::{Encoded, Origin, Received, Validity, WireError};
use messages::{Message, Stamped, Timestamp};

/// One port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Port {
    /// Its name in a graph file.
    pub name: &'static str,
    /// The message it carries.
    pub schema: Schema,
    /// Whether a graph may leave this input unconnected: it then counts as ended from the start.
    pub optional: bool,
}

/// An enum with one variant for each port.
pub trait Ports: Sized + Send + 'static {
    /// All ports, in the order of the variants.
    const PORTS: &'static [Port];
}

/// What a node takes.
pub trait Inputs: Ports {
    /// The message that came on port number `port` as the variant of that port.
    ///
    /// # Errors
    /// If it is another message, in other frames, or damaged.
    fn decode(port: usize, received: &Received) -> Result<Self, WireError>;
}

/// What a node or a device gives.
pub trait Outputs: Ports {
    /// The number of the port it goes to.
    fn port(&self) -> usize;

    /// The message as bytes, all but the copying of arrays.
    ///
    /// # Errors
    /// If the value cannot be written.
    fn encode(
        &self,
        origin: &Origin,
        sequence: u64,
        acquired_at: Timestamp,
        published_at: Timestamp,
        validity: &Validity,
    ) -> Result<Encoded<'_>, WireError>;
}

/// Decodes one message; what [`inputs!`](crate::inputs) calls.
///
/// # Errors
/// If it is another message, in other frames, or damaged.
pub fn decode<T: Message>(received: &Received) -> Result<Stamped<T>, WireError> {
    received.decode()
}

/// Declares the input ports of a node: `name => Variant(Message)`; the variant holds `Stamped<Message>`.
/// A port that a graph may leave unconnected is `optional name => Variant(Message)`.
///
/// ```
/// use messages::{Instruction, ToolPoses, UltrasoundImage};
/// use runtime::Ports;
/// runtime::inputs! {
///     /// What the node hears.
///     pub enum Input {
///         image => Image(UltrasoundImage),
///         pose => Pose(ToolPoses),
///         optional instructions => Instructions(Instruction),
///     }
/// }
/// assert_eq!(Input::PORTS[1].name, "pose");
/// assert!(Input::PORTS[2].optional);
/// ```
#[macro_export]
macro_rules! inputs {
    ($(#[$meta:meta])* pub enum $name:ident { $($($word:ident)+ => $variant:ident($message:ty)),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Debug)]
        #[allow(missing_docs, reason = "the port names speak")]
        pub enum $name { $($variant(::messages::Stamped<$message>)),* }
        impl $crate::Ports for $name {
            const PORTS: &'static [$crate::Port] = &[$($crate::input_port!($message: $($word)+)),*];
        }
        impl $crate::Inputs for $name {
            fn decode(port: usize, received: &::messages::wire::Received) -> Result<Self, ::messages::wire::WireError> {
                let mut number = 0usize;
                $(if port == number { return $crate::ports::decode(received).map(Self::$variant); } number += 1;)*
                let _ = number;
                Err(::messages::wire::WireError::NoValue(received.envelope().kind))
            }
        }
    };
}

/// One input port from its words; what [`inputs!`](crate::inputs) calls.
#[doc(hidden)]
#[macro_export]
macro_rules! input_port {
    ($message:ty: optional $port:ident) => {
        $crate::Port { optional: true, ..$crate::input_port!($message: $port) }
    };
    ($message:ty: $port:ident) => {
        $crate::Port {
            name: stringify!($port),
            schema: ::messages::Schema::of::<$message>(),
            optional: false,
        }
    };
}

/// Declares the output ports of a node or a device: `name => Variant(Message)`.
#[macro_export]
macro_rules! outputs {
    ($(#[$meta:meta])* pub enum $name:ident { $($port:ident => $variant:ident($message:ty)),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Debug)]
        #[allow(missing_docs, clippy::large_enum_variant, reason = "the port names speak; values are moved once")]
        pub enum $name { $($variant($message)),* }
        impl $crate::Ports for $name {
            const PORTS: &'static [$crate::Port] = &[$($crate::Port {
                name: stringify!($port),
                schema: ::messages::Schema::of::<$message>(),
                optional: false,
            }),*];
        }
        impl $crate::Outputs for $name {
            fn port(&self) -> usize {
                let name = match self { $(Self::$variant(_) => stringify!($port)),* };
                <Self as $crate::Ports>::PORTS.iter().position(|port| port.name == name).unwrap_or_default()
            }
            fn encode(
                &self,
                origin: &::messages::wire::Origin,
                sequence: u64,
                acquired_at: ::messages::Timestamp,
                published_at: ::messages::Timestamp,
                validity: &::messages::wire::Validity,
            ) -> Result<::messages::wire::Encoded<'_>, ::messages::wire::WireError> {
                match self {
                    $(Self::$variant(value) => ::messages::wire::message(origin, sequence, acquired_at, published_at, validity, value)),*
                }
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use messages::{Instruction, ToolPoses};

    use super::*;

    inputs! {
        /// A port may itself be called `optional`.
        #[expect(dead_code, reason = "only its ports are looked at")]
        pub enum Heard {
            poses => Poses(ToolPoses),
            optional instructions => Instructions(Instruction),
            optional => Optional(ToolPoses),
        }
    }

    #[test]
    fn a_port_is_optional_only_if_it_says_so() {
        let ports: Vec<_> = Heard::PORTS.iter().map(|port| (port.name, port.optional)).collect();
        assert_eq!(ports, [("poses", false), ("instructions", true), ("optional", false)]);
        assert_eq!(Heard::PORTS[1].schema.name, "Instruction");
    }
}
