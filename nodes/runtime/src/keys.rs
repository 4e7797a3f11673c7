//! The names under which a session's processes reach each other on the bus.

/// The key of everything in a session.
pub fn session(session: &str) -> String {
    format!("vesalius/{session}")
}

/// An output of a node or a device.
pub fn stream(session: &str, node: &str, port: &str) -> String {
    format!("vesalius/{session}/stream/{node}/{port}")
}

/// What every participant has beside its ports: `health`, `journal`, `event` or `status`.
pub fn about(session: &str, topic: &str, node: &str) -> String {
    format!("vesalius/{session}/{topic}/{node}")
}

/// Orders from the supervisor to all.
pub fn control(session: &str) -> String {
    format!("vesalius/{session}/control")
}

/// Queried to change a participant's parameters.
pub fn set(session: &str, node: &str) -> String {
    format!("vesalius/{session}/set/{node}")
}

/// Every token of one state.
pub fn all_alive(session: &str, state: &str) -> String {
    format!("vesalius/{session}/alive/{state}/*/*")
}

/// A liveliness token: `ready` once the ports are open, `linked` once every input was heard.
pub fn alive(session: &str, state: &str, node: &str, incarnation: u32) -> String {
    format!("vesalius/{session}/alive/{state}/{node}/{incarnation}")
}
