//! Node types written in Rust.

mod add;
mod arithmetic;
mod audio;
mod audio_chunk;
mod audio_gain;
mod audio_mix_down;
mod audio_resample;
mod calculator;
mod echo;
mod energy_vad;
mod multiply;
mod numbers;
mod pair;
mod params;
mod pass_through;

use crate::registry::Factory;

/// All of them.
#[must_use]
pub fn factories() -> Vec<Factory> {
    let mut all = vec![
        add::node(),
        audio_chunk::node(),
        audio_gain::node(),
        audio_mix_down::node(),
        audio_resample::node(),
        calculator::node(),
        echo::node(),
        energy_vad::node(),
        multiply::node(),
    ];
    all.extend(pass_through::factories());
    all
}
