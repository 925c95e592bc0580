//! Names and parameters as manifests of the RemoteMedia SDK have them, in the
//! place of those that the node types have here.

use std::borrow::Cow;

use crate::value::Value;

/// Another name for a node type.
struct Alias {
    name: &'static str,
    of: &'static str,
    /// Other names of parameters.
    params: &'static [(&'static str, &'static str)],
    /// What a parameter is where it is not given, where that differs.
    defaults: &'static [(&'static str, i64)],
}

const RATES: &[(&str, &str)] = &[
    ("target_rate", "sample_rate"),
    ("target_sample_rate", "sample_rate"),
];

const fn same(name: &'static str, of: &'static str) -> Alias {
    Alias {
        name,
        of,
        params: &[],
        defaults: &[],
    }
}

const fn resampler(name: &'static str) -> Alias {
    Alias {
        params: RATES,
        ..same(name, RESAMPLER)
    }
}

const RESAMPLER: &str = "AudioResampleNode";
const PASS_THROUGH: &str = "PassThroughNode";

/// The SDK's name, and the node type here.
const ALIASES: &[Alias] = &[
    same("Passthrough", PASS_THROUGH),
    same("PassthroughNode", PASS_THROUGH),
    same("passthrough", PASS_THROUGH),
    // The ends of a pipeline, where the SDK's programs put items in and take
    // them out: here that is the run itself.
    same("Input", PASS_THROUGH),
    same("Output", PASS_THROUGH),
    same("AudioInput", PASS_THROUGH),
    same("AudioInputNode", PASS_THROUGH),
    same("AudioOutput", PASS_THROUGH),
    same("AudioOutputNode", PASS_THROUGH),
    same("MicInput", PASS_THROUGH),
    same("SpeakerOutput", PASS_THROUGH),
    same("TextInput", PASS_THROUGH),
    resampler("AudioResample"),
    resampler("AutoResampleNode"),
    resampler("FastResampleNode"),
    resampler("RustResampleNode"),
    resampler(RESAMPLER),
    Alias {
        params: &[("chunk_size", "frames")],
        defaults: &[("frames", 512)],
        ..same("AudioChunkerNode", "AudioChunkNode")
    },
    same("SileroVAD", "SileroVADNode"),
    same("silero-vad", "SileroVADNode"),
    same("TextCollector", "TextCollectorNode"),
    same("test_echo.EchoNode", "EchoNode"),
];

/// Node types of the SDK that have the same name here. The SDK ignores
/// parameters that they do not have, so that manifests for it have such.
const SAME_NAMES: &[&str] = &[
    "AudioBuffer",
    "AudioBufferAccumulatorNode",
    "AudioChannelSplitterNode",
    "AudioEvidenceNode",
    "AudioLevelNode",
    "AudioResampler",
    "AudioTransform",
    "ChannelBalanceNode",
    "ClippingDetectorNode",
    "ConversationCoordinatorNode",
    "ConversationFlowNode",
    "EchoNode",
    "EventCorrelatorNode",
    "ExtractAudioDataNode",
    "FormatConverterNode",
    "HealthEmitterNode",
    "SessionHealthNode",
    "SilenceDetectorNode",
    "SileroVADNode",
    "SpeculativeVADCoordinator",
    "SpeculativeVADGate",
    "SpeechPresenceNode",
    "TextCollectorNode",
    "TimingDriftNode",
    "VADNode",
    "VideoFlip",
    "VoiceActivityDetector",
];

/// A node type and its parameters as they are called here.
pub(crate) struct Resolved<'a> {
    pub(crate) node_type: Cow<'a, str>,
    pub(crate) params: Cow<'a, Value>,
    /// Parameters that are called otherwise here: the name here, and the one
    /// that was given.
    renamed: Vec<(String, String)>,
}

impl Resolved<'_> {
    /// What a parameter was called where it was given.
    pub(crate) fn given<'n>(&'n self, name: &'n str) -> &'n str {
        let mut renamed = self.renamed.iter();
        renamed
            .find(|(here, _)| here == name)
            .map_or(name, |(_, given)| given)
    }
}

/// Whether the SDK has this node type, and ignores parameters of it that it
/// does not know.
pub(crate) fn is_of_the_sdk(node_type: &str) -> bool {
    find(node_type).is_some() || SAME_NAMES.contains(&node_type)
}

/// The node type here, where a name is the SDK's.
pub(crate) fn target(node_type: &str) -> Option<&'static str> {
    find(node_type)
        .map(|alias| alias.of)
        .filter(|of| *of != node_type)
}

/// All names of the SDK with the node types that they stand for.
pub(crate) fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    let all = ALIASES.iter().map(|alias| (alias.name, alias.of));
    all.filter(|(name, of)| name != of)
}

fn find(node_type: &str) -> Option<&'static Alias> {
    ALIASES.iter().find(|alias| alias.name == node_type)
}

/// Finds the node type and parameters that are meant. `is_native` says that the
/// name is that of a node type in Rust, which goes before another name; `has`
/// whether the node type here has a parameter.
pub(crate) fn resolve<'a>(
    node_type: &'a str,
    params: &'a Value,
    is_native: bool,
    has: impl Fn(&str, &str) -> bool,
) -> Resolved<'a> {
    let mut resolved = Resolved {
        node_type: Cow::Borrowed(node_type),
        params: Cow::Borrowed(params),
        renamed: Vec::new(),
    };
    let Value::Map(given) = params else {
        return resolved;
    };
    if !is_of_the_sdk(node_type) {
        return resolved;
    }
    let alias = find(node_type).filter(|alias| !is_native || alias.of == node_type);
    let of = alias.map_or(node_type, |alias| alias.of);
    let mut fields: Vec<(String, Value)> = Vec::with_capacity(given.len());
    for (name, value) in given {
        let snake = snake_case(name);
        let other = alias
            .and_then(|alias| alias.params.iter().find(|(other, _)| *other == snake))
            .map(|(_, here)| *here);
        let here = match other {
            Some(here) => here,
            None if has(of, name) => name,
            None if has(of, &snake) => snake.as_str(),
            None => name,
        };
        if fields.iter().any(|(field, _)| field == here) {
            // Given twice: the second one is said to be unknown.
            fields.push((name.clone(), value.clone()));
            continue;
        }
        if here != name {
            resolved.renamed.push((here.to_owned(), name.clone()));
        }
        fields.push((here.to_owned(), value.clone()));
    }
    for (name, value) in alias.map_or(&[][..], |alias| alias.defaults) {
        if fields.iter().all(|(field, _)| field != name) {
            fields.push(((*name).to_owned(), (*value).into()));
        }
    }
    resolved.node_type = Cow::Borrowed(match alias {
        Some(alias) if alias.of == RESAMPLER && alias.name != RESAMPLER => resampling(&mut fields),
        Some(alias) => alias.of,
        None => node_type,
    });
    resolved.params = Cow::Owned(Value::Map(fields));
    resolved
}

/// The SDK's resamplers leave audio as it is where they are given no rate, or
/// `auto`, and write qualities with a capital.
fn resampling(fields: &mut Vec<(String, Value)>) -> &'static str {
    let is_auto = |value: &Value| matches!(value, Value::Text(text) if text == "auto");
    fields.retain(|(name, value)| name != "sample_rate" || !is_auto(value));
    for (name, value) in fields.iter_mut() {
        if let Value::Text(text) = value
            && name == "quality"
        {
            text.make_ascii_lowercase();
        }
    }
    match fields.iter().any(|(name, _)| name == "sample_rate") {
        true => RESAMPLER,
        false => PASS_THROUGH,
    }
}

/// `targetRate` as `target_rate`.
fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(node_type: &str, params: &[(&str, Value)]) -> (String, Vec<(String, Value)>) {
        let params = params
            .iter()
            .map(|(name, value)| ((*name).into(), value.clone()));
        let params = Value::Map(params.collect());
        let has = |_: &str, name: &str| ["sample_rate", "quality", "speech_pad_ms"].contains(&name);
        let found = resolve(node_type, &params, false, has);
        let Value::Map(fields) = found.params.into_owned() else {
            panic!("the params are no map");
        };
        (found.node_type.into_owned(), fields)
    }

    #[test]
    fn resamplers_without_a_rate_pass_audio_on() {
        let low = || ("quality", Value::from("Low"));
        let (node_type, fields) =
            resolved("FastResampleNode", &[("targetRate", 8000.into()), low()]);
        assert_eq!(node_type, RESAMPLER);
        let expected = [
            ("sample_rate", Value::from(8000)),
            ("quality", "low".into()),
        ];
        assert_eq!(
            fields,
            expected.map(|(name, value)| (name.to_owned(), value))
        );
        for params in [&[low()][..], &[("target_rate", "auto".into())]] {
            assert_eq!(resolved("AudioResample", params).0, PASS_THROUGH);
        }
        // Its own name has its own default.
        assert_eq!(resolved(RESAMPLER, &[]).0, RESAMPLER);
    }

    #[test]
    fn camel_case_is_read_where_the_sdk_reads_it() {
        let given = [("speechPadMs", Value::from(30)), ("noSuch", 1.into())];
        let names = |(_, fields): (String, Vec<(String, Value)>)| -> Vec<String> {
            fields.into_iter().map(|(name, _)| name).collect()
        };
        assert_eq!(
            names(resolved("SileroVAD", &given)),
            ["speech_pad_ms", "noSuch"]
        );
        assert_eq!(
            names(resolved("AddNode", &given)),
            ["speechPadMs", "noSuch"]
        );
    }

    #[test]
    fn chunks_have_the_sdks_size() {
        let (node_type, fields) = resolved("AudioChunkerNode", &[]);
        assert_eq!(node_type, "AudioChunkNode");
        assert_eq!(fields, [("frames".to_owned(), Value::from(512))]);
    }
}
