//! Node types written in Rust.

mod add;
mod arithmetic;
mod audio;
mod audio_chunk;
mod audio_format;
mod audio_gain;
mod audio_mix_down;
mod audio_resample;
mod calculator;
mod echo;
mod energy_vad;
mod events;
mod measures;
mod multiply;
mod numbers;
mod onnx;
mod pair;
mod params;
mod pass_through;
mod speech;
mod stream_health;
mod video_flip;

use crate::registry::Factory;

/// All of them.
#[must_use]
pub fn factories() -> Vec<Factory> {
    let mut all = vec![
        add::node(),
        audio_chunk::node(),
        audio_format::node(),
        audio_gain::node(),
        audio_mix_down::node(),
        audio_resample::node(),
        calculator::node(),
        echo::node(),
        energy_vad::node(),
        multiply::node(),
    ];
    all.extend(onnx::factories());
    all.extend(pass_through::factories());
    all.extend(speech::factories());
    all.extend(stream_health::factories());
    all.extend(video_flip::factories());
    all
}
