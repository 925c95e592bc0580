//! Measures of audio. Levels are in decibels relative to full scale, where a
//! signal that stays at ±1 has 0 dB: what ITU-T G.100.1 (2015) calls dBov, ten
//! times the logarithm of the power to that of the loudest signal. A sine of
//! full scale has -3.01 dB. (In dBFS as AES17 defines it that sine has 0 dB.)

/// Level of digital silence, which has none: lower than any 16-bit signal.
pub(super) const FLOOR_DB: f64 = -120.0;

/// The root mean square; 0 where there are no samples.
pub(super) fn rms(samples: impl IntoIterator<Item = f32>) -> f64 {
    let (mut sum, mut count) = (0.0, 0_u64);
    for sample in samples {
        sum += f64::from(sample) * f64::from(sample);
        count += 1;
    }
    match count {
        0 => 0.0,
        count => (sum / count as f64).sqrt(),
    }
}

/// The largest magnitude; 0 where there are no samples.
pub(super) fn peak(samples: &[f32]) -> f64 {
    let magnitudes = samples.iter().map(|sample| sample.abs());
    f64::from(magnitudes.fold(0.0, f32::max))
}

/// The level of an amplitude, at least [`FLOOR_DB`].
pub(super) fn decibels(amplitude: f64) -> f64 {
    match amplitude <= 0.0 {
        true => FLOOR_DB,
        false => (20.0 * amplitude.log10()).max(FLOOR_DB),
    }
}

/// The crest factor: how far the peak is above the root mean square, in
/// decibels. A sine has 3.01, a square wave 0; silence counts as 20.
pub(super) fn crest_factor_db(peak: f64, rms: f64) -> f64 {
    match rms <= 0.0 {
        true => 20.0,
        false => 20.0 * (peak / rms).log10(),
    }
}

/// Every so-manyth sample from one on: a channel of interleaved samples.
pub(super) fn channel(
    samples: &[f32],
    channel: usize,
    channels: usize,
) -> impl Iterator<Item = f32> {
    samples.iter().skip(channel).step_by(channels).copied()
}

/// The mean of all channels, frame by frame.
pub(super) fn mono(samples: &[f32], channels: u32) -> Vec<f32> {
    let share = 1.0 / f64::from(channels);
    let mean = |frame: &[f32]| {
        let sum: f64 = frame.iter().copied().map(f64::from).sum();
        (sum * share) as f32
    };
    match channels {
        1 => samples.to_vec(),
        _ => samples.chunks_exact(channels as usize).map(mean).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_those_of_known_signals() {
        let sine: Vec<f32> = (0..1000)
            .map(|n| (n as f32 * std::f32::consts::TAU / 100.0).sin())
            .collect();
        let level = decibels(rms(sine.iter().copied()));
        assert!((level - -3.0103).abs() < 1e-3, "{level}");
        let crest = crest_factor_db(peak(&sine), rms(sine.iter().copied()));
        assert!((crest - 3.0103).abs() < 1e-3, "{crest}");
        assert_eq!(decibels(rms([0.1_f32; 4]).round()), FLOOR_DB);
        assert_eq!(decibels(rms([1.0_f32, -1.0])), 0.0);
        assert_eq!(decibels(1e-9), FLOOR_DB);
        assert_eq!(decibels(0.0), FLOOR_DB);
        assert_eq!(rms([]), 0.0);
        assert_eq!(crest_factor_db(0.0, 0.0), 20.0);
        assert!(decibels(f64::NAN).is_nan() || decibels(f64::NAN) == FLOOR_DB);
    }

    #[test]
    fn channels_are_told_apart_and_mixed() {
        let stereo = [1.0, 10.0, 2.0, 20.0];
        assert_eq!(channel(&stereo, 1, 2).collect::<Vec<_>>(), [10.0, 20.0]);
        assert_eq!(mono(&stereo, 2), [5.5, 11.0]);
        assert_eq!(mono(&stereo, 1), stereo);
    }
}
