//! The OpenIGTLink server: what a procedure knows, for 3D Slicer and other clients.
//!
//! | module | idea |
//! | --- | --- |
//! | [`observer`] | the observer `server` and its parameters |
//! | [`server`], [`client`] | the threads: one translates, two serve each client |
//! | [`translation`] | messages of this house as those of OpenIGTLink |
//! | [`images`], [`shapes`], [`words`] | IMAGE, POLYDATA, STATUS and STRING |
//! | [`coordinates`] | LPS inside, RAS for clients |
//! | [`names`] | device names |
//! | [`conversation`] | what a client has asked for, and what it is answered |
//! | [`command`] | parameters of nodes, changed by clients that may |
//! | [`parcel`], [`shelf`], [`backlog`] | a message on its way; the newest of each name; a queue for the slow |

pub mod backlog;
pub mod client;
pub mod command;
pub mod conversation;
pub mod coordinates;
pub mod images;
pub mod names;
pub mod observer;
pub mod parcel;
pub mod server;
pub mod shapes;
pub mod shelf;
pub mod translation;
pub mod words;

pub use observer::{OpenIgtLinkServer, Parameters};
