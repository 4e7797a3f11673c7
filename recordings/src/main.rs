//! `vesalius-recordings`: records, plays and shows procedures, and the tools for recordings.

use std::process::ExitCode;

use recordings::{compare, info, journals, play, record, recover, verify, view};
use runtime::{Executable, Tool};

fn main() -> ExitCode {
    let tool = |name, help, run| Tool { name, help, run };
    Executable::new("recordings")
        .observer::<record::Record>(
            "record",
            "writes every stream into procedure.mcap in the session folder",
        )
        .observer::<view::View>(
            "view",
            "draws every stream into procedure.rrd, and in a running Rerun viewer if asked",
        )
        .source::<play::Play>("play", "plays recorded streams to the nodes of a replay")
        .tool(tool(
            "verify",
            "checks a recording and gives a verdict on every stream",
            verify::tool,
        ))
        .tool(tool("recover", "saves what is whole of a torn or damaged recording", recover::tool))
        .tool(tool(
            "compare",
            "tells how two recordings differ, in mm, degrees, Dice and ms",
            compare::tool,
        ))
        .tool(tool("view", "draws a recording into a Rerun file", view::tool))
        .tool(tool("recording-info", "tells what a recording holds", info::tool))
        .tool(tool(
            "extract-journals",
            "writes the journal of each node for a replay",
            journals::tool,
        ))
        .main()
}
