//! `--output`, standard input as an item, and audio in pieces.

use std::fs;
use std::io::Write;
use std::process::{Output, Stdio};

use serde_json::{Value, json};

use crate::program::{Files, command, end, run, run_with, workspace};

const PASS: &str = r#"{"version": "v1", "nodes": [{"id": "n", "node_type": "PassThrough"}]}"#;
const GAIN: &str = r#"{"version": "v1", "nodes": [
    {"id": "g", "node_type": "AudioGainNode", "params": {"gain_db": -6.0205999132796239}},
    {"id": "r", "node_type": "AudioResampleNode", "params": {"sample_rate": 8000}}],
    "connections": [{"from": "g", "to": "r"}]}"#;

fn files() -> Files {
    let files = Files::new(&[("m.json", PASS), ("gain.json", GAIN)]);
    files.write("in.wav", &wav(1, 16_000));
    files
}

/// A WAV file of 16 bits at 16 kHz.
pub(crate) fn wav(channels: u16, frames: u32) -> Vec<u8> {
    let spec = hound::WavSpec {
        channels,
        sample_rate: 16_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
    for n in 0..frames * u32::from(channels) {
        let angle = f64::from(n) * std::f64::consts::TAU / 40.0;
        writer
            .write_sample((angle.sin() * 16_384.0) as i16)
            .unwrap();
    }
    writer.finalize().unwrap();
    bytes.into_inner()
}

/// The samples of a WAV file, whose header may leave its length open.
pub(crate) fn samples(bytes: &[u8]) -> (u32, Vec<f32>) {
    let mut whole = bytes.to_vec();
    let length = whole.len() as u32;
    whole[4..8].copy_from_slice(&(length - 8).to_le_bytes());
    whole[64..68].copy_from_slice(&(length - 68).to_le_bytes());
    let reader = hound::WavReader::new(whole.as_slice()).unwrap();
    let rate = reader.spec().sample_rate;
    (
        rate,
        reader.into_samples::<f32>().map(Result::unwrap).collect(),
    )
}

/// Runs the program with bytes for standard input.
fn run_bytes(arguments: &[&str], stdin: Vec<u8>) -> Output {
    let mut child = command(arguments).stdin(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || {
        // It may end without reading.
        let _ = input.write_all(&stdin);
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

#[test]
fn audio_in_and_out_whole_and_in_pieces() {
    let files = files();
    let (manifest, input) = (
        files.path("gain.json"),
        format!("@{}", files.path("in.wav")),
    );
    let whole = files.path("whole.wav");
    let printed = run(["run", &manifest, "-i", &input, "-o", &whole]).code(0);
    assert_eq!((printed.stdout.as_str(), printed.stderr.as_str()), ("", ""));
    let bytes = fs::read(&whole).unwrap();
    let (rate, expected) = samples(&bytes);
    assert_eq!((rate, expected.len()), (8000, 8000));
    let peak = expected[100..7900].iter().copied().fold(0.0, f32::max);
    assert!((0.24..0.26).contains(&peak), "{peak}");
    // The header of a file says its length.
    let read = hound::WavReader::open(&whole).unwrap();
    assert_eq!(read.len(), 8000);

    let same = |other: &[f32]| {
        assert_eq!(other.len(), expected.len());
        let mut pairs = other.iter().zip(&expected);
        assert!(pairs.all(|(a, b)| (a - b).abs() < 1e-5));
    };
    let pieces = files.path("pieces.wav");
    for chunk in ["0.1", "0.0317", "1000"] {
        let arguments = [
            "run", &manifest, "-i", &input, "--chunk", chunk, "-o", &pieces,
        ];
        run(arguments.iter().chain(&["--overwrite"])).code(0);
        same(&samples(&fs::read(&pieces).unwrap()).1);
    }
    // Through pipes.
    let stdin = fs::read(files.path("in.wav")).unwrap();
    for chunk in [&["--chunk", "0.25"][..], &[]] {
        let arguments = [&["run", &manifest, "-i", "@-", "-o", "-"], chunk].concat();
        let output = run_bytes(&arguments, stdin.clone());
        assert!(output.status.success());
        same(&samples(&output.stdout).1);
    }
    // Without --output pieces are lines.
    let arguments = ["run", &manifest, "-i", &input, "--chunk", "0.5"];
    let lines = run(arguments).code(0).stdout;
    let mut rates = lines.lines().map(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["$audio"]["sample_rate"].clone()
    });
    assert!(
        lines.lines().count() >= 2 && rates.all(|rate| rate == 8000),
        "{lines}"
    );
}

#[test]
fn coded_audio_is_an_item() {
    let files = files();
    for name in ["sine.flac", "sine.mp3", "sine.ogg", "sine.aac", "sine.m4a"] {
        let path = workspace().join("tests/media/audio").join(name);
        let input = format!("@{}", path.display());
        let (manifest, out) = (files.path("m.json"), files.path(&format!("{name}.flac")));
        let outputs = run([
            "run",
            &manifest,
            "-i",
            &input,
            "--output-dir",
            &files.path(name),
        ]);
        let expected =
            json!([{"$audio": {"file": "out-0.wav", "sample_rate": 16000, "channels": 1}}]);
        assert_eq!(outputs.code(0).outputs(), expected, "{name}");
        let (_, samples) = samples(&fs::read(files.path(&format!("{name}/out-0.wav"))).unwrap());
        assert!(samples.len() >= 7900, "{name}");
        // FLAC again, and back.
        run(["run", &manifest, "-i", &input, "--output", &out]).code(0);
        assert!(fs::read(&out).unwrap().starts_with(b"fLaC"));
        let stdin = fs::read(&path).unwrap();
        let piped = run_bytes(&["run", &manifest, "-i", "@-", "-o", "-"], stdin);
        assert!(piped.stdout.starts_with(b"RIFF"), "{name}");
    }
    let path = workspace().join("tests/media/audio/opus.ogg");
    let input = format!("@{}", path.display());
    run(["run", &files.path("m.json"), "-i", &input])
        .code(2)
        .says(&["opus.ogg", "can't be decoded"]);
}

#[test]
fn items_of_every_kind_of_file() {
    let files = files();
    let manifest = files.path("m.json");
    files.write("a.csv", b"name,n\nx,1\n\"y, z\",\n");
    files.write(
        "b.jsonl",
        b"1\n\n{\"$input\": {\"node\": \"n\", \"item\": [2]}}\n",
    );
    let rows = json!([{"name": "x", "n": 1}, {"name": "y, z", "n": null}]);
    let csv = format!("n=@{}", files.path("a.csv"));
    assert_eq!(run(["run", &manifest, "-i", &csv]).code(0).outputs(), rows);
    let lines = format!("@{}", files.path("b.jsonl"));
    let outputs = run(["run", &manifest, "-i", &lines, "-i", "3"])
        .code(0)
        .outputs();
    assert_eq!(outputs, json!([1, [2], 3]));
    let given = run(["run", &manifest, "--input-file", &files.path("a.csv")]);
    assert_eq!(given.code(0).outputs(), rows);
    let arguments = [
        "run",
        &manifest,
        "--input-file",
        "-",
        "--input-format",
        "csv",
    ];
    assert_eq!(
        run_with(arguments, "name,n\nx,1\n\"y, z\",\n")
            .code(0)
            .outputs(),
        rows
    );
    // Standard input says by its content what it is.
    let stdin = |text: &str| run_with(["run", &manifest, "--input", "@-"], text);
    assert_eq!(stdin("{\"a\": 1}\n").code(0).outputs(), json!([{"a": 1}]));
    stdin("hello")
        .code(2)
        .says(&["<stdin>:1:1", "one item as JSON"]);
    let output = run_bytes(&["run", &manifest, "-i", "@-"], vec![0, 0xFF]);
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(printed["outputs"], json!([{"$binary": {"bytes": "AP8="}}]));
}

#[test]
fn outputs_of_every_kind() {
    let files = files();
    let manifest = files.path("m.json");
    let one = |input: &str, name: &str| {
        let out = files.path(name);
        run(["run", &manifest, "-i", input, "-o", &out]).code(0);
        fs::read(out).unwrap()
    };
    assert_eq!(one("\"h\\u00efi\"", "a.txt"), "hïi".as_bytes());
    assert_eq!(one("{\"$bytes\": \"AP8=\"}", "a.bin"), [0, 0xFF]);
    assert_eq!(one("[1, {\"a\": null}]", "a.json"), b"[1,{\"a\":null}]\n");
    let tensor = r#"{"$tensor": {"data": "AQI=", "shape": [2], "dtype": "u8"}}"#;
    assert!(one(tensor, "a.npy").starts_with(b"\x93NUMPY"));
    let pixel =
        r#"{"$image":{"data":"AwIB","format":"raw","pixel_format":"bgr24","width":1,"height":1}}"#;
    assert!(one(pixel, "a.png").starts_with(b"\x89PNG"));
    // No name says it, so the output does.
    assert!(one(pixel, "a").starts_with(b"\x89PNG"));
    let lines = ["run", &manifest, "-i", "1", "-i", "\"x\"", "-o", "-"];
    assert_eq!(run(lines).code(0).stdout, "1\n\"x\"\n");
    let as_wav = ["--output-format", "flac"];
    let input = format!("@{}", files.path("in.wav"));
    let b = files.path("b");
    let arguments = [&["run", &manifest, "-i", &input, "-o", &b], &as_wav[..]].concat();
    run(&arguments).code(0);
    assert!(fs::read(files.path("b")).unwrap().starts_with(b"fLaC"));
}

#[test]
fn outputs_that_are_no_file() {
    let files = files();
    let (manifest, out) = (files.path("m.json"), |name: &str| files.path(name));
    let run = |inputs: &[&str], name: &str, more: &[&str]| {
        let path = out(name);
        let inputs = inputs.iter().flat_map(|input| ["-i", input]);
        let arguments = ["run", &manifest, "-o", &path].into_iter().chain(inputs);
        crate::program::run(arguments.chain(more.iter().copied()))
    };
    run(&["1"], "a.mp3", &[])
        .code(2)
        .says(&["can't be written as mp3", ".wav or .flac"]);
    run(&["1"], "a.wav", &[])
        .code(1)
        .says(&["gave a value, which wav can't hold", "--output-dir"]);
    run(&["1", "2"], "a.json", &[])
        .code(1)
        .says(&["more than one output"]);
    let (first, second) = (files.path("in.wav"), files.path("stereo.wav"));
    files.write("stereo.wav", &wav(2, 10));
    let inputs = [format!("@{first}"), format!("@{second}")];
    run(&[&inputs[0], &inputs[1]], "a.wav", &[])
        .code(1)
        .says(&["16000 Hz in 2", "16000 Hz in 1"]);
    run(&["1"], "nowhere/a.json", &[])
        .code(2)
        .says(&["nowhere"]);
    assert!(!fs::exists(out("a.wav")).unwrap(), "nothing half is left");
    let left = fs::read_dir(files.path("")).unwrap().count();
    assert_eq!(left, 4);
    // What is there stays.
    files.write("kept.json", b"kept");
    run(&["1"], "kept.json", &[])
        .code(2)
        .says(&["kept.json", "--overwrite"]);
    assert_eq!(fs::read(out("kept.json")).unwrap(), b"kept");
    run(&["1"], "kept.json", &["--overwrite"]).code(0);
    assert_eq!(fs::read(out("kept.json")).unwrap(), b"1\n");
    let both = ["run", "-", "-i", "@-"];
    crate::program::run(both)
        .code(2)
        .says(&["both the manifest and the item"]);
}

#[test]
fn a_failing_pipeline_leaves_no_file() {
    let files = Files::node(
        "class Own:\n    n = 0\n    def process(self, x):\n        self.n += 1\n        if self.n > 2:\n            \
         raise ValueError('third')\n        return x\n",
    );
    files.write("in.wav", &wav(1, 16_000));
    let (input, out) = (format!("@{}", files.path("in.wav")), files.path("out.wav"));
    let more = ["-i", &input, "--chunk", "0.1", "-o", &out];
    crate::program::run(files.arguments(&more))
        .code(1)
        .says(&["third"]);
    assert!(!fs::exists(&out).unwrap());
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let files = files();
    files.write("long.wav", &wav(2, 2_000_000));
    let input = format!("@{}", files.path("long.wav"));
    let arguments = [
        "run",
        &files.path("m.json"),
        "-i",
        &input,
        "--chunk",
        "0.1",
        "-o",
        "-",
    ];
    let mut child = command(arguments).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(end(&mut child), Some(0));
}
