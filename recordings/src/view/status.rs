//! Counters of a node as curves: latencies, processor, memory.

use messages::NodeStatus;

use super::canvas::CanvasError;
use super::painter::Painter;

impl Painter {
    pub(super) fn node_status(
        &mut self,
        node: &str,
        status: &NodeStatus,
    ) -> Result<(), CanvasError> {
        let ms = |microseconds: u64| microseconds as f64 * 1e-3;
        if status.handle_us.count > 0 {
            self.scalar(&format!("latency/{node}/handle_p99"), ms(status.handle_us.p99))?;
        }
        for input in &status.inputs {
            // An observer names its inputs `node.port`.
            let port = input.port.replace('.', "/");
            for (name, percentiles) in [("transport", input.transport_us), ("age", input.age_us)] {
                if percentiles.count > 0 {
                    let entity = format!("latency/{node}/{port}/{name}_p99");
                    self.scalar(&entity, ms(percentiles.p99))?;
                }
            }
        }
        let memory = status.resident_bytes as f64 / f64::from(1 << 20);
        self.scalar(&format!("load/{node}/memory_mib"), memory)?;
        let before = self.cpu.insert(node.to_owned(), (status.uptime_ns, status.cpu_ns));
        if let Some((uptime, cpu)) = before
            && status.uptime_ns > uptime
        {
            let used = status.cpu_ns.saturating_sub(cpu) as f64;
            let share = 100.0 * used / (status.uptime_ns - uptime) as f64;
            self.scalar(&format!("load/{node}/cpu_percent"), share)?;
        }
        Ok(())
    }
}
