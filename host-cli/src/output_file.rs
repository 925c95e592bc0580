//! `--output`: all that a pipeline gives in one file, by how its name ends.

use std::path::Path;

use pipeline_host::codec::{self, Style, Writer};
use pipeline_host::types::{Audio, Data, NodeOutputs, ValueNode};
use pipeline_host::wav;

use crate::failure::Failure;
use crate::outputs;

/// How the names of files end that outputs can be written to.
const ENDINGS: &[&str] = &[
    "wav", "png", "jpg", "jpeg", "webp", "npy", "bin", "txt", "json", "ndjson", "jsonl",
];

/// How a name ends, if outputs can be written so: better said before a run than
/// after it.
pub(crate) fn ending(path: &Path) -> Result<String, Failure> {
    let ending = path.extension().unwrap_or_default().to_string_lossy();
    let ending = ending.to_ascii_lowercase();
    if ENDINGS.contains(&&*ending) {
        return Ok(ending);
    }
    let text = format!(
        "how `{}` ends doesn't say what it is to hold",
        path.display()
    );
    Err(Failure::usage(text).help(format!("names end in .{}", ENDINGS.join(", ."))))
}

/// Writes the outputs to a file; says what it has then.
pub(crate) fn write(
    path: &Path,
    given: &[NodeOutputs],
    overwrite: bool,
) -> Result<String, Failure> {
    let items: Vec<&Data> = given.iter().flat_map(|given| &given.items).collect();
    let ending = ending(path)?;
    let made = match ending.as_str() {
        "wav" => sound(&items),
        "json" => document(&items),
        "ndjson" | "jsonl" => lines(&items),
        "txt" => text(&items),
        _ => one(&items, &ending),
    };
    let (bytes, what) = made.map_err(|reason| {
        let text = format!(
            "the outputs can't be written to `{}`: {reason}",
            path.display()
        );
        Failure::failed(text)
            .help("--output-dir writes each to a file of its own, and .json takes all")
    })?;
    outputs::write_file(path, &bytes, overwrite)?;
    Ok(format!("{} has {what}", path.display()))
}

type Made = Result<(Vec<u8>, String), String>;

/// Audio, one after the other.
fn sound(items: &[&Data]) -> Made {
    let mut whole: Option<Audio> = None;
    for (at, item) in items.iter().enumerate() {
        let Data::Audio(audio) = item else {
            return Err(format!("output {at} is no audio"));
        };
        match &mut whole {
            None => whole = Some(audio.clone()),
            Some(whole)
                if (whole.sample_rate, whole.channels) == (audio.sample_rate, audio.channels) =>
            {
                whole.samples.extend_from_slice(&audio.samples);
            }
            Some(_) => return Err(format!("output {at} has another rate or other channels")),
        }
    }
    let audio = whole.ok_or("the pipeline gave none")?;
    let seconds = audio.samples.len() as f64
        / f64::from(audio.channels.max(1))
        / f64::from(audio.sample_rate.max(1));
    let channels = match audio.channels {
        1 => "1 channel".to_owned(),
        channels => format!("{channels} channels"),
    };
    let what = format!(
        "{seconds:.2} s of audio, {} Hz, {channels}",
        audio.sample_rate
    );
    let bytes = wav::encode(&audio).map_err(|error| error.to_string())?;
    Ok((bytes, what))
}

fn counted(items: &[&Data]) -> String {
    let count: usize = items.iter().map(|item| codec::weight(item)).sum();
    match count {
        1 => "1 output".to_owned(),
        count => format!("{count} outputs"),
    }
}

fn broken(error: codec::ArenaError) -> String {
    format!("the component gave a broken value: {error}")
}

/// All as a list in JSON.
fn document(items: &[&Data]) -> Made {
    let mut writer = Writer::new(Style::Pretty);
    let written = writer.try_array(|writer| items.iter().try_for_each(|item| writer.item(item)));
    written.map_err(broken)?;
    Ok(((writer.finish() + "\n").into_bytes(), counted(items)))
}

/// Each on a line.
fn lines(items: &[&Data]) -> Made {
    let mut text = String::new();
    for item in items {
        let mut writer = Writer::new(Style::Compact);
        writer.item(item).map_err(broken)?;
        text.push_str(&writer.finish());
        text.push('\n');
    }
    Ok((text.into_bytes(), counted(items)))
}

/// Strings and texts, each on a line.
fn text(items: &[&Data]) -> Made {
    let mut text = String::new();
    for (at, item) in items.iter().enumerate() {
        match item {
            Data::Text(item) => text.push_str(&item.text),
            Data::Value(value) => match value.nodes.get(value.root as usize) {
                Some(ValueNode::Text(item)) => text.push_str(item),
                _ => return Err(format!("output {at} is no text")),
            },
            _ => return Err(format!("output {at} is no text")),
        }
        text.push('\n');
    }
    Ok((text.into_bytes(), counted(items)))
}

/// The one medium that is written so.
fn one(items: &[&Data], ending: &str) -> Made {
    let [item] = items else {
        return Err(format!(
            "it takes one, and the pipeline gave {}",
            items.len()
        ));
    };
    let encoded = outputs::encode(item).map_err(|error| error.in_full())?;
    match encoded {
        Some((own, bytes)) if own == ending || own == "bin" || (own, ending) == ("jpg", "jpeg") => {
            let what = format!("{} bytes", bytes.len());
            Ok((bytes, what))
        }
        Some((own, _)) => Err(format!("the output would be a .{own}")),
        None => Err("the output is no medium".to_owned()),
    }
}
