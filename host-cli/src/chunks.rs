//! Audio as pieces that follow one another: `--chunk`.

use std::time::Duration;

use pipeline_host::audio::{AudioError, AudioReader};
use pipeline_host::types::Audio;
use tokio::sync::mpsc;

use crate::failure::Failure;

/// How many pieces are read ahead.
const AHEAD: usize = 2;
/// The most frames of a piece, whatever rate a file says it has.
const MOST: usize = 1 << 22;

/// Reads audio in pieces that last so long, on a thread of its own: reading can't
/// be stopped from elsewhere. What is wrong with it comes at the end.
pub(crate) fn pieces(
    mut reader: AudioReader,
    length: Duration,
) -> Result<mpsc::Receiver<Result<Piece, AudioError>>, Failure> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let frames = (length.as_secs_f64() * f64::from(reader.sample_rate())).round();
    let frames = (frames as usize).clamp(1, MOST);
    let read = move || {
        loop {
            let piece = match reader.read(frames) {
                Ok(Some(audio)) => Ok(Piece::Audio(audio)),
                Ok(None) => {
                    if let Some(warning) = reader.warning() {
                        let _ = sender.blocking_send(Ok(Piece::Warning(warning)));
                    }
                    return;
                }
                Err(error) => Err(error),
            };
            let last = piece.is_err();
            if sender.blocking_send(piece).is_err() || last {
                return;
            }
        }
    };
    std::thread::Builder::new()
        .name("audio".into())
        .spawn(read)
        .map_err(|error| Failure::failed(format!("no thread to read with: {error}")))?;
    Ok(receiver)
}

/// A part of what is read.
pub(crate) enum Piece {
    Audio(Audio),
    /// What is wrong with all of it.
    Warning(&'static str),
}
