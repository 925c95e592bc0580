//! WAV files.

use std::io::Cursor;

use pipeline_host::types::Audio;

/// Reads audio.
pub(crate) fn read(bytes: &[u8]) -> Result<Audio, String> {
    let say = |error: hound::Error| match error {
        hound::Error::Unsupported => "this kind of WAV is not supported (PCM and float are)".into(),
        hound::Error::IoError(_) => "it is cut short".to_owned(),
        other => other.to_string(),
    };
    let mut reader = hound::WavReader::new(Cursor::new(bytes)).map_err(say)?;
    let spec = reader.spec();
    if spec.sample_rate == 0 {
        return Err("its sample rate is 0".into());
    }
    let samples = match spec.sample_format {
        hound::SampleFormat::Float => reader.samples::<f32>().collect::<Result<Vec<_>, _>>(),
        hound::SampleFormat::Int => {
            let scale = 1.0 / (1_i64 << (spec.bits_per_sample.clamp(1, 32) - 1)) as f32;
            reader
                .samples::<i32>()
                .map(|sample| sample.map(|sample| sample as f32 * scale))
                .collect()
        }
    };
    Ok(Audio {
        samples: samples.map_err(say)?,
        sample_rate: spec.sample_rate,
        channels: spec.channels.into(),
        stream_id: None,
        timestamp_us: None,
        metadata: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of one frame.
    fn file(rate: u32) -> Vec<u8> {
        let mut bytes = b"RIFF\x28\0\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0".to_vec();
        bytes.extend(rate.to_le_bytes());
        bytes.extend((4 * rate).to_le_bytes());
        bytes.extend(b"\x04\0\x10\0data\x04\0\0\0\0\x40\0\xc0");
        bytes
    }

    #[test]
    fn audio_has_a_rate() {
        let audio = read(&file(8000)).unwrap();
        assert_eq!((audio.sample_rate, audio.channels), (8000, 2));
        assert_eq!(audio.samples, [0.5, -0.5]);
        assert_eq!(read(&file(0)).unwrap_err(), "its sample rate is 0");
    }
}
