//! Any bytes as a WAV file: what is read is whole frames.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pipeline_fuzz::files::read_wav;

fuzz_target!(|bytes: &[u8]| {
    let Ok(audio) = read_wav(bytes) else { return };
    assert!(audio.channels > 0 && audio.sample_rate > 0);
    assert!(audio.samples.len().is_multiple_of(audio.channels as usize));
    // A sample takes a byte at least.
    assert!(audio.samples.len() <= bytes.len());
});
