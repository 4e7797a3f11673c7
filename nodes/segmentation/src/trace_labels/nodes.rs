//! The same tracing as two nodes, one for each frame that labelled volumes come in.

use messages::{Health, LabelVolume, Patient, Preoperative, Stamped, VesselTree};
use runtime::{Context, Node, inputs, outputs};

use super::{Error, LabelTracer, Parameters, nothing};

/// Declares a node that traces volumes of one frame; its ports stand in a module of their own.
macro_rules! tracing_node {
    ($(#[$meta:meta])* $node:ident, $ports:ident, $frame:ty) => {
        pub(super) mod $ports {
            use super::*;
            inputs! {
                /// What the node hears.
                pub enum Input { labels => Labels(LabelVolume<$frame>) }
            }
            outputs! {
                /// What the node says.
                pub enum Output { tree => Tree(VesselTree<$frame>) }
            }
        }

        $(#[$meta])*
        #[derive(Debug)]
        pub struct $node(LabelTracer);

        impl Node for $node {
            type Parameters = Parameters;
            type Input = $ports::Input;
            type Output = $ports::Output;
            type Error = Error;

            fn new(parameters: Parameters) -> Result<Self, Error> {
                LabelTracer::new(parameters).map(Self)
            }

            fn handle(
                &mut self,
                input: Self::Input,
                context: &mut Context<Self::Output>,
            ) -> Result<(), Error> {
                let $ports::Input::Labels(Stamped { acquired_at, value: volume, .. }) = input;
                let tree = self.0.trace(&volume)?;
                context.report(if tree.branches > 0 {
                    Health::Healthy
                } else {
                    Health::Degraded { reason: nothing(&volume.structures, &tree.structures) }
                });
                context.publish(acquired_at, $ports::Output::Tree(tree));
                Ok(())
            }
        }
    };
}

tracing_node! {
    /// Traces the volume from before the procedure.
    TraceLabels, preoperative, Preoperative
}
tracing_node! {
    /// Traces a volume made during the procedure.
    TraceConeBeam, cone_beam, Patient
}
