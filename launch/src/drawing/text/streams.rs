//! The table of streams: what each output carries, and who hears it.

use crate::drawing::Picture;

const WIDTH: usize = 80;

/// One line for each output, and more where it has many hearers.
pub fn table(picture: &Picture) -> String {
    let mut rows: Vec<(String, &str, Vec<String>)> = Vec::new();
    for (number, block) in picture.blocks.iter().enumerate() {
        for (output, (port, message)) in block.outputs.iter().enumerate() {
            let hearers = picture.net(number, output).into_iter().flat_map(|net| &net.to);
            let hearers = hearers.map(|(to, input)| {
                let hearer = &picture.blocks[*to];
                let input = &hearer.inputs[*input];
                let notes = match input.notes.join(", ") {
                    notes if notes.is_empty() => notes,
                    notes => format!(" ({notes})"),
                };
                format!("{}.{}{notes}", hearer.name, input.port)
            });
            rows.push((format!("{}.{port}", block.name), message, hearers.collect()));
        }
    }
    let longest = |lengths: &mut dyn Iterator<Item = usize>| lengths.max().unwrap_or(0);
    let name_width = longest(&mut rows.iter().map(|(name, ..)| name.chars().count()));
    let message_width = longest(&mut rows.iter().map(|(_, message, _)| message.chars().count()));
    let mut out = String::new();
    for (name, message, hearers) in rows {
        let mut line = format!("{name:name_width$}  {message:message_width$}");
        let indent = name_width + message_width + 2;
        for (count, hearer) in hearers.iter().enumerate() {
            let sign = if count == 0 { "  → " } else { ", " };
            if count > 0 && line.chars().count() + hearer.chars().count() + 3 > WIDTH {
                out.push_str(&line);
                out.push_str(",\n");
                line = format!("{:indent$}    {hearer}", "");
            } else {
                line.push_str(sign);
                line.push_str(hearer);
            }
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}
