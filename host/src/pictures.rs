//! Audio as a picture: its waveform above its spectrogram.

use rustfft::FftPlanner;
use rustfft::num_complex::Complex;

use crate::images::{self, ImageError};
use crate::types::{Audio, PixelFormat};

/// Width of a picture, in pixels.
const WIDTH: usize = 800;
/// Height of the waveform, and of the spectrogram below it.
const WAVE: usize = 128;
const SPECTRUM: usize = 256;
/// How many frames a spectrum is made of: two for each line of it.
const WINDOW: usize = 4 * SPECTRUM;
/// What is as far below the loudest is not seen, in decibels.
const RANGE: f32 = 90.0;
/// Colours of what can't be heard, up to the loudest.
const COLOURS: [[f32; 3]; 5] = [
    [0.0, 0.0, 16.0],
    [64.0, 16.0, 112.0],
    [192.0, 48.0, 96.0],
    [248.0, 144.0, 48.0],
    [255.0, 250.0, 208.0],
];

/// Draws audio as PNG: time from left to right, below the waveform frequencies from 0
/// at the bottom up to half of the sample rate. It costs the same however long the
/// audio is, but for the waveform.
///
/// # Errors
/// Where the picture can't be written.
pub fn of_audio(audio: &Audio) -> Result<Vec<u8>, ImageError> {
    let mono = mixed(audio);
    let mut pixels = vec![0; WIDTH * (WAVE + SPECTRUM) * 3];
    draw_wave(&mono, &mut pixels);
    draw_spectrum(&mono, &mut pixels[WIDTH * WAVE * 3..]);
    let height = (WAVE + SPECTRUM) as u32;
    let png = images::png(&pixels, PixelFormat::Rgb24, WIDTH as u32, height)?;
    Ok(png.unwrap_or_default())
}

/// The mean of all channels; what is no number is silence.
fn mixed(audio: &Audio) -> Vec<f32> {
    let channels = (audio.channels as usize).max(1);
    let frames = audio.samples.chunks_exact(channels);
    frames
        .map(|frame| frame.iter().sum::<f32>() / channels as f32)
        .map(|sample| if sample.is_finite() { sample } else { 0.0 })
        .collect()
}

/// The samples that a column shows.
fn span(length: usize, column: usize) -> std::ops::Range<usize> {
    let at = |column: usize| column * length / WIDTH;
    at(column)..at(column + 1).max(at(column) + 1).min(length)
}

fn draw_wave(samples: &[f32], pixels: &mut [u8]) {
    let row = |level: f32| {
        let from_top = (1.0 - level.clamp(-1.0, 1.0)) / 2.0 * (WAVE - 1) as f32;
        from_top.round() as usize
    };
    for column in 0..WIDTH {
        let shown = &samples[span(samples.len(), column)];
        let (low, high) = shown
            .iter()
            .fold((0.0_f32, 0.0_f32), |(low, high), sample| {
                (low.min(*sample), high.max(*sample))
            });
        for row in row(high)..=row(low) {
            let at = (row * WIDTH + column) * 3;
            pixels[at..at + 3].copy_from_slice(&[112, 184, 240]);
        }
    }
}

fn draw_spectrum(samples: &[f32], pixels: &mut [u8]) {
    let transform = FftPlanner::new().plan_fft_forward(WINDOW);
    let mut bins = vec![Complex::default(); WINDOW];
    let mut columns = Vec::with_capacity(WIDTH);
    let mut loudest = f32::MIN_POSITIVE;
    for column in 0..WIDTH {
        let middle = span(samples.len(), column).start;
        for (n, bin) in bins.iter_mut().enumerate() {
            let sample = (middle + n).checked_sub(WINDOW / 2);
            let sample = sample
                .and_then(|at| samples.get(at))
                .copied()
                .unwrap_or(0.0);
            let phase = std::f32::consts::TAU * n as f32 / WINDOW as f32;
            *bin = Complex::new(sample * (0.5 - 0.5 * phase.cos()), 0.0);
        }
        transform.process(&mut bins);
        // Two bins make a line, of which the louder is seen.
        let (pairs, _) = bins[..WINDOW / 2].as_chunks::<2>();
        let lines: Vec<f32> = pairs
            .iter()
            .map(|[a, b]| a.norm_sqr().max(b.norm_sqr()))
            .collect();
        loudest = lines.iter().copied().fold(loudest, f32::max);
        columns.push(lines);
    }
    for (column, lines) in columns.iter().enumerate() {
        for (line, power) in lines.iter().enumerate() {
            let decibels = 10.0 * (power / loudest).max(f32::MIN_POSITIVE).log10();
            let row = SPECTRUM - 1 - line;
            let at = (row * WIDTH + column) * 3;
            pixels[at..at + 3].copy_from_slice(&colour(1.0 + decibels / RANGE));
        }
    }
}

/// The colour of a level from 0 to 1.
fn colour(level: f32) -> [u8; 3] {
    let place = level.clamp(0.0, 1.0) * (COLOURS.len() - 1) as f32;
    let first = (place as usize).min(COLOURS.len() - 2);
    let part = place - first as f32;
    let mix = |n: usize| COLOURS[first][n] * (1.0 - part) + COLOURS[first + 1][n] * part;
    [0, 1, 2].map(|n| mix(n) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn audio(samples: Vec<f32>) -> Audio {
        Audio {
            samples,
            sample_rate: 8000,
            channels: 1,
            stream_id: None,
            timestamp_us: None,
            metadata: None,
        }
    }

    /// The pixels of a picture, line by line.
    fn pixels(audio: &Audio) -> Vec<u8> {
        let bytes = of_audio(audio).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes))
            .read_info()
            .unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (800, 384));
        pixels
    }

    #[test]
    fn a_tone_is_a_line_at_its_frequency() {
        let tone = |n: usize| (n as f32 * std::f32::consts::TAU / 8.0).sin() / 2.0;
        let pixels = pixels(&audio((0..16_000).map(tone).collect()));
        let brightness = |row: usize| {
            let at = (row * WIDTH + WIDTH / 2) * 3;
            pixels[at..at + 3]
                .iter()
                .map(|it| u32::from(*it))
                .sum::<u32>()
        };
        // 1000 Hz of 4000 are a quarter of the height.
        let rows = WAVE..WAVE + SPECTRUM;
        let brightest = rows.max_by_key(|row| brightness(*row)).unwrap();
        let expected = WAVE + SPECTRUM - 1 - SPECTRUM / 4;
        assert!(brightest.abs_diff(expected) <= 1, "{brightest} {expected}");
        // Half of what is possible up, and down.
        assert!(brightness(WAVE / 4 + 2) > 0 && brightness(WAVE / 4 - 3) == 0);
    }

    #[test]
    fn anything_can_be_drawn() {
        for samples in [
            vec![],
            vec![1.0],
            vec![f32::NAN; 900],
            vec![f32::MAX; 3],
            vec![0.0; 5000],
        ] {
            pixels(&audio(samples));
        }
    }
}
