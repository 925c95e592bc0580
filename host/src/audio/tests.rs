use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/media/audio")
        .join(name)
}

fn bytes(name: &str) -> Vec<u8> {
    fs::read(file(name)).unwrap()
}

fn audio(sample_rate: u32, channels: u32, samples: &[f32]) -> Audio {
    Audio {
        samples: samples.to_vec(),
        sample_rate,
        channels,
        stream_id: None,
        timestamp_us: None,
        metadata: None,
    }
}

/// Half a second of 440 Hz at 16 kHz, coded.
const FILES: [&str; 5] = ["sine.flac", "sine.mp3", "sine.ogg", "sine.aac", "sine.m4a"];

/// How much of audio is the sine: its projection onto it, as a part of its power.
fn purity(samples: &[f32]) -> f64 {
    let (mut sine, mut cosine, mut power) = (0.0, 0.0, 0.0);
    for (n, sample) in samples.iter().enumerate() {
        let angle = n as f64 * std::f64::consts::TAU * 440.0 / 16_000.0;
        let sample = f64::from(*sample);
        sine += sample * angle.sin();
        cosine += sample * angle.cos();
        power += sample * sample;
    }
    2.0 * (sine * sine + cosine * cosine) / (power * samples.len() as f64)
}

fn decoded(source: Source) -> Audio {
    let mut reader = AudioReader::open(source, None).unwrap();
    let audio = reader.read_all(Bounds::default()).unwrap();
    assert_eq!(reader.warning(), None);
    audio
}

#[test]
fn coded_audio_is_read_from_wherever_it_comes() {
    for name in FILES {
        let audio = decoded(Source::Bytes(bytes(name)));
        assert_eq!((audio.sample_rate, audio.channels), (16_000, 1), "{name}");
        // Encoders that say nothing of their delay leave it in.
        let length = audio.samples.len();
        assert!(
            (7900..=8000 + 3 * 1024).contains(&length),
            "{name}: {length}"
        );
        let middle = &audio.samples[length - 6500..length - 2000];
        assert!(purity(middle) > 0.99, "{name}: {}", purity(middle));
        let opened = fs::File::open(file(name)).unwrap();
        assert_eq!(
            decoded(Source::File(opened)).samples,
            audio.samples,
            "{name}"
        );
        if name != "sine.m4a" {
            let stream = Source::Stream(Box::new(io::Cursor::new(bytes(name))));
            assert_eq!(decoded(stream).samples, audio.samples, "{name}");
        }
        let mut reader = AudioReader::open(Source::Bytes(bytes(name)), None).unwrap();
        let mut pieces = Vec::new();
        while let Some(piece) = reader.read(700).unwrap() {
            assert!(piece.samples.len() <= 700, "{name}");
            pieces.extend(piece.samples);
        }
        assert_eq!(pieces, audio.samples, "{name}");
    }
    let stereo = decoded(Source::Bytes(bytes("stereo.flac")));
    assert_eq!((stereo.channels, stereo.samples.len()), (2, 16_000));
}

#[test]
fn what_is_no_audio_is_refused() {
    for (name, content) in [
        ("opus.ogg", bytes("opus.ogg")),
        ("nothing", Vec::new()),
        ("text", b"no audio at all".to_vec()),
        ("head", bytes("sine.flac")[..30].to_vec()),
    ] {
        let error = AudioReader::open(Source::Bytes(content), None).err();
        let said = error.map(|error| error.to_string()).unwrap_or_default();
        let says = ["can't be decoded", "is broken"];
        assert!(says.iter().any(|it| said.contains(it)), "{name}: {said}");
    }
}

/// A file of a few kilobytes that is minutes of silence in many channels.
fn bomb() -> Vec<u8> {
    let mut writer = AudioWriter::new(Container::Flac, Vec::new());
    writer.push(&audio(8000, 8, &vec![0.0; 4 << 20])).unwrap();
    writer.finish().unwrap().0
}

#[test]
fn a_small_file_of_much_silence_is_not_decoded_whole() {
    let bomb = bomb();
    assert!(bomb.len() < 64 << 10, "{}", bomb.len());
    let open = || AudioReader::open(Source::Bytes(bomb.clone()), None).unwrap();
    let bounds = Bounds {
        bytes: Some(4 << 20),
        deadline: None,
    };
    let error = open().read_all(bounds).unwrap_err();
    assert!(matches!(error, AudioError::TooLong { .. }), "{error}");
    let late = Bounds {
        bytes: None,
        deadline: Some(Instant::now()),
    };
    assert!(matches!(open().read_all(late), Err(AudioError::TooSlow)));
    // In pieces it is read with the memory of a piece.
    let mut reader = open();
    for _ in 0..10 {
        assert_eq!(reader.read(100).unwrap().unwrap().samples.len(), 800);
    }
}

#[test]
fn what_is_written_as_flac_is_read_again_exactly() {
    for (frames, channels) in [(1, 1), (15, 2), (4096, 1), (10_001, 2), (9000, 6)] {
        let samples: Vec<f32> = (0..frames * channels)
            .map(|n| ((n * 7919 % 65_536) as f32 - 32_768.0) / 32_768.0)
            .collect();
        let mut writer = AudioWriter::new(Container::Flac, Vec::new());
        assert!(!writer.has_begun());
        for piece in samples.chunks(777 * channels) {
            writer.push(&audio(44_100, channels as u32, piece)).unwrap();
        }
        let (stream, patches) = writer.finish().unwrap();
        let mut patched = stream.clone();
        for (at, patch) in patches {
            let at = usize::try_from(at).unwrap();
            patched[at..at + patch.len()].copy_from_slice(&patch);
        }
        for file in [stream, patched] {
            let read = decoded(Source::Bytes(file));
            assert_eq!(read.samples, samples, "{frames} in {channels}");
            assert_eq!(read.sample_rate, 44_100);
        }
    }
}

#[test]
fn what_flac_has_not_is_said() {
    for (rate, channels) in [(192_000, 1), (0, 1), (8000, 9), (8000, 0)] {
        let mut writer = AudioWriter::new(Container::Flac, Vec::new());
        let error = writer.push(&audio(rate, channels, &[])).unwrap_err();
        assert!(error.to_string().contains("at most"), "{error}");
    }
    // What is too loud is cut, and what is no number is silent.
    let mut writer = AudioWriter::new(Container::Flac, Vec::new());
    let loud = [2.0, -2.0, f32::NAN, f32::INFINITY];
    writer.push(&audio(8000, 1, &loud)).unwrap();
    let differs = writer.push(&audio(8000, 2, &[0.0, 0.0])).unwrap_err();
    assert!(matches!(differs, AudioError::Differs { .. }), "{differs}");
    let read = decoded(Source::Bytes(writer.finish().unwrap().0));
    let most = 1.0 - 1.0 / f32::from(1_u16 << 15) / 256.0;
    assert_eq!(read.samples, [most, -1.0, 0.0, most]);
}

#[test]
fn a_source_is_looked_at_and_read_from_its_start() {
    let content = bytes("sine.mp3");
    for mut source in [
        Source::Bytes(content.clone()),
        Source::File(fs::File::open(file("sine.mp3")).unwrap()),
        Source::Stream(Box::new(io::Cursor::new(content.clone()))),
    ] {
        assert_eq!(source.peek(5).unwrap(), content[..5]);
        let mut all = Vec::new();
        source.into_read().read_to_end(&mut all).unwrap();
        assert_eq!(all, content);
    }
    let long = Source::Stream(Box::new(io::repeat(0)));
    let error = long.into_bytes(Some(1 << 20)).unwrap_err();
    assert_eq!(error.to_string(), "it is longer than 1 MiB");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Damaged files are read, or refused; whatever their decoders make of them.
    #[test]
    fn damaged_files_are_read_or_refused(
        name in prop::sample::select(&FILES[..]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        end in any::<prop::sample::Index>(),
        cut in any::<bool>(),
    ) {
        let mut content = bytes(name);
        for (at, byte) in changes {
            let at = at.index(content.len());
            content[at] = byte;
        }
        if cut {
            content.truncate(end.index(content.len()));
        }
        let bounds = Bounds { bytes: Some(64 << 20), deadline: None };
        if let Ok(mut reader) = AudioReader::open(Source::Bytes(content), None)
            && let Ok(audio) = reader.read_all(bounds)
        {
            prop_assert!(audio.samples.len().is_multiple_of(audio.channels as usize));
        }
    }
}
