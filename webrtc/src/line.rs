//! The end at which a session hears its peer and speaks to it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use pipeline_host::types::Audio;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use crate::decode::Decode;
use crate::encode::{Encode, Unplayable};
use crate::{Lost, Observer};

/// The longest message to a peer, in bytes: what browsers take.
pub(crate) const LONGEST: usize = 256 << 10;

/// What a peer sent.
#[derive(Debug)]
pub enum Given {
    /// 20 ms of it, at 48 kHz, with the time since its first packet.
    Audio(Audio),
    /// A text message of its data channel; one of nothing but white space ends the
    /// input.
    Text(Vec<u8>),
    /// A binary message of its data channel.
    Binary(Vec<u8>),
    /// There will be no more.
    End,
    /// What can't be taken, and why.
    Wrong(String),
}

/// The peer has gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone;

/// Why something was not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsent {
    /// There is nobody any more.
    Gone,
    /// No peer could take it.
    Unplayable(Unplayable),
    /// A message has so many bytes, which are more than a peer takes.
    TooLong(usize),
}

impl From<Unplayable> for Unsent {
    fn from(why: Unplayable) -> Self {
        Self::Unplayable(why)
    }
}

/// What goes from the task that drives the peers to a session.
pub(crate) enum Heard {
    Connected(Ears),
    Audio {
        packet: Arc<[u8]>,
        /// The sender's clock, in frames at 48 kHz.
        time: u64,
        arrived: Instant,
    },
    Message {
        binary: bool,
        bytes: Vec<u8>,
        arrived: Instant,
    },
}

/// What a connected peer does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ears {
    /// Whether it plays audio.
    pub(crate) hears: bool,
    /// Whether anything can come from it: audio, or messages.
    pub(crate) talks: bool,
}

/// What goes from a session to the task that drives the peers.
pub(crate) enum Said {
    Audio(Vec<u8>),
    Message(String),
    /// Nothing follows.
    Finished,
}

/// Tells the task that drives the peers to look after one.
#[derive(Clone)]
pub(crate) struct Wake {
    pub(crate) key: u64,
    /// Unbounded, since it must not wait; it holds no more than was sent to the peer,
    /// which is bounded.
    pub(crate) wakes: mpsc::UnboundedSender<u64>,
}

impl Wake {
    fn now(&self) {
        // Without the task there is no peer either.
        let _ = self.wakes.send(self.key);
    }
}

/// A session's end of a peer. Dropping it ends the connection.
pub struct Line {
    heard: mpsc::Receiver<Heard>,
    said: mpsc::Sender<Said>,
    wake: Wake,
    observer: Arc<dyn Observer>,
    /// The peer's place, which is free when its session is over, too.
    _place: Arc<OwnedSemaphorePermit>,
    /// None until it is connected.
    ears: Option<Ears>,
    decode: Decode,
    encode: Option<Encode>,
    /// The node whose audio the peer hears.
    node: Option<String>,
    pieces: VecDeque<Audio>,
    work: Option<Work>,
    overflowed: Arc<AtomicBool>,
}

/// An item that is being worked on.
struct Work {
    arrived: Instant,
    /// How long the peer was waited for.
    waited: Duration,
    /// Whether it is an item, and no end.
    counts: bool,
}

impl Line {
    pub(crate) fn new(
        heard: mpsc::Receiver<Heard>,
        said: mpsc::Sender<Said>,
        wake: Wake,
        observer: Arc<dyn Observer>,
        place: Arc<OwnedSemaphorePermit>,
        decode: Decode,
        overflowed: Arc<AtomicBool>,
    ) -> Self {
        Self {
            heard,
            said,
            wake,
            observer,
            _place: place,
            ears: None,
            decode,
            encode: None,
            node: None,
            pieces: VecDeque::new(),
            work: None,
            overflowed,
        }
    }

    /// Waits until the peer is connected. To be called once, before all else.
    ///
    /// # Errors
    /// Where it will never be.
    pub async fn connected(&mut self) -> Result<(), Gone> {
        match self.heard.recv().await {
            Some(Heard::Connected(ears)) => {
                self.ears = Some(ears);
                Ok(())
            }
            _ => Err(Gone),
        }
    }

    /// The next that the peer sent. What came before counts as worked on.
    ///
    /// # Errors
    /// Where the peer has gone.
    pub async fn next(&mut self) -> Result<Given, Gone> {
        if let Some(piece) = self.pieces.pop_front() {
            return Ok(Given::Audio(piece));
        }
        self.worked();
        if self.ears.is_some_and(|ears| !ears.talks) {
            return Ok(Given::End);
        }
        loop {
            let heard = match self.heard.recv().await {
                Some(heard) => heard,
                None if self.overflowed.load(Ordering::Acquire) => {
                    let text = "messages came faster than the pipeline takes them";
                    return Ok(Given::Wrong(text.into()));
                }
                None => return Err(Gone),
            };
            let (given, arrived) = match heard {
                Heard::Connected(_) => continue,
                Heard::Message {
                    bytes,
                    binary,
                    arrived,
                } => {
                    let given = match binary {
                        true => Given::Binary(bytes),
                        false if bytes.trim_ascii().is_empty() => Given::End,
                        false => Given::Text(bytes),
                    };
                    (given, arrived)
                }
                Heard::Audio {
                    packet,
                    time,
                    arrived,
                } => {
                    let decoded = self.decode.push(&packet, time);
                    if decoded.lost > 0 {
                        self.observer.lost(Lost::Network, decoded.lost);
                    }
                    self.pieces.extend(decoded.pieces);
                    match self.pieces.pop_front() {
                        Some(piece) => (Given::Audio(piece), arrived),
                        // Its first part: a packet of less than 20 ms.
                        None => continue,
                    }
                }
            };
            self.work = Some(Work {
                arrived,
                waited: Duration::ZERO,
                counts: !matches!(given, Given::End),
            });
            return Ok(given);
        }
    }

    /// Lets the peer hear what a node gave; where it plays no audio, nothing is done.
    ///
    /// # Errors
    /// Where nobody could hear it, or nobody is there.
    pub async fn audio(&mut self, node: &str, audio: &Audio) -> Result<(), Unsent> {
        if !self.ears.is_some_and(|ears| ears.hears) {
            return Ok(());
        }
        match &self.node {
            Some(heard) if heard != node => {
                let (heard, other) = (heard.clone(), node.to_owned());
                return Err(Unplayable::Several { heard, other }.into());
            }
            Some(_) => {}
            None => self.node = Some(node.to_owned()),
        }
        if !self
            .encode
            .as_ref()
            .is_some_and(|encode| encode.is_for(audio))
        {
            self.rest_of_audio().await?;
            self.encode = Some(Encode::new(audio.sample_rate, audio.channels)?);
        }
        let Some(encode) = &mut self.encode else {
            return Ok(());
        };
        // A second at a time: an output may be hours.
        let second = (audio.sample_rate * audio.channels).max(1) as usize;
        for piece in audio.samples.chunks(second) {
            for packet in encode.push(piece)? {
                send(&self.said, &self.wake, &mut self.work, Said::Audio(packet)).await?;
            }
        }
        Ok(())
    }

    /// Sends a text message; it goes nowhere where the peer has no data channel.
    ///
    /// # Errors
    /// Where it is too long, or nobody is there.
    pub async fn message(&mut self, text: String) -> Result<(), Unsent> {
        if text.len() > LONGEST {
            return Err(Unsent::TooLong(text.len()));
        }
        send(&self.said, &self.wake, &mut self.work, Said::Message(text)).await
    }

    /// Ends the connection when all that was said has been sent.
    pub async fn finish(mut self) {
        self.worked();
        let _ = self.rest_of_audio().await;
        let _ = send(&self.said, &self.wake, &mut self.work, Said::Finished).await;
    }

    async fn rest_of_audio(&mut self) -> Result<(), Unsent> {
        if let Some(mut encode) = self.encode.take()
            && let Some(packet) = encode.finish()?
        {
            send(&self.said, &self.wake, &mut self.work, Said::Audio(packet)).await?;
        }
        Ok(())
    }

    fn worked(&mut self) {
        if let Some(work) = self.work.take()
            && work.counts
        {
            let took = work.arrived.elapsed().saturating_sub(work.waited);
            self.observer.worked(took);
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // That nothing follows is seen when it is looked for.
        let (closed, _) = mpsc::channel(1);
        self.said = closed;
        self.wake.now();
    }
}

async fn send(
    said: &mpsc::Sender<Said>,
    wake: &Wake,
    work: &mut Option<Work>,
    what: Said,
) -> Result<(), Unsent> {
    let what = match said.try_send(what) {
        Ok(()) => {
            wake.now();
            return Ok(());
        }
        Err(mpsc::error::TrySendError::Closed(_)) => return Err(Unsent::Gone),
        Err(mpsc::error::TrySendError::Full(what)) => what,
    };
    let start = Instant::now();
    let sent = said.send(what).await;
    if let Some(work) = work {
        work.waited += start.elapsed();
    }
    wake.now();
    sent.map_err(|_| Unsent::Gone)
}
