//! A peer: for tests, and for load. It has a socket and waits for nobody: many are
//! driven by one thread.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::channel::ChannelId;
use str0m::format::Codec;
use str0m::media::{Direction, Frequency, MediaKind, MediaTime, Mid};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event as Happened, Input, Output, Rtc};
use thiserror::Error;

use crate::decode::Decode;
use crate::encode::Encode;
use crate::{PIECE, RATE};

/// What a peer offers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// Whether it sends audio.
    pub talks: bool,
    /// Whether it plays audio.
    pub hears: bool,
    /// Whether it opens a data channel.
    pub channel: bool,
}

/// What happened to a peer.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// ICE and DTLS are done.
    Connected,
    /// The data channel is open.
    Open,
    /// 20 ms of audio came, as one channel at 48 kHz.
    Audio(Vec<f32>),
    /// A text message came.
    Text(String),
    /// The other side closed the connection.
    Closed,
}

/// What a peer can't do.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct ClientError(String);

fn failed(error: impl std::fmt::Display) -> ClientError {
    ClientError(error.to_string())
}

/// A peer.
pub struct Client {
    rtc: Rtc,
    socket: UdpSocket,
    local: SocketAddr,
    pending: Option<SdpPendingOffer>,
    audio: Option<Mid>,
    channel: Option<ChannelId>,
    open: bool,
    timeout: Instant,
    encode: Encode,
    decode: Decode,
    clock: u64,
    events: Vec<Event>,
    losing: bool,
    /// Audio packets that it was told were lost on their way here.
    pub lost: u64,
    /// Datagrams that it sent.
    pub sent: u64,
}

impl Client {
    /// A peer on the loopback interface, and its offer.
    ///
    /// # Errors
    /// Where there is no socket, or nothing is wanted.
    pub fn new(wanted: Wanted) -> Result<(Self, String), ClientError> {
        let socket = UdpSocket::bind("127.0.0.1:0").map_err(failed)?;
        socket.set_nonblocking(true).map_err(failed)?;
        let local = socket.local_addr().map_err(failed)?;
        let now = Instant::now();
        let provider = str0m::crypto::from_feature_flags();
        let mut rtc = Rtc::builder()
            .set_crypto_provider(Arc::new(provider))
            .clear_codecs()
            .enable_opus(true, false)
            .build(now);
        rtc.add_local_candidate(Candidate::host(local, "udp").map_err(failed)?);
        let mut changes = rtc.sdp_api();
        let direction = match (wanted.talks, wanted.hears) {
            (true, true) => Some(Direction::SendRecv),
            (true, false) => Some(Direction::SendOnly),
            (false, true) => Some(Direction::RecvOnly),
            (false, false) => None,
        };
        let audio = direction
            .map(|direction| changes.add_media(MediaKind::Audio, direction, None, None, None));
        let channel = wanted.channel.then(|| changes.add_channel("items".into()));
        let offered = changes.apply();
        let (offer, pending) = offered.ok_or_else(|| failed("nothing is offered"))?;
        let client = Self {
            rtc,
            socket,
            local,
            pending: Some(pending),
            audio,
            channel,
            open: false,
            timeout: now,
            encode: Encode::new(RATE, 1).map_err(failed)?,
            decode: Decode::new(false).map_err(failed)?,
            clock: 0,
            events: Vec::new(),
            losing: false,
            lost: 0,
            sent: 0,
        };
        Ok((client, offer.to_sdp_string()))
    }

    /// Takes the answer.
    ///
    /// # Errors
    /// Where it is none, or the second.
    pub fn answer(&mut self, text: &str) -> Result<(), ClientError> {
        let answer = SdpAnswer::from_sdp_string(text).map_err(failed)?;
        let pending = self.pending.take();
        let pending = pending.ok_or_else(|| failed("there was an answer already"))?;
        let accepted = self.rtc.sdp_api().accept_answer(pending, answer);
        accepted.map_err(failed)?;
        self.timeout = Instant::now();
        Ok(())
    }

    /// Sends 20 ms of audio: 960 samples at 48 kHz.
    ///
    /// # Errors
    /// Where it sends none, or is not connected.
    pub fn talk(&mut self, samples: &[f32]) -> Result<(), ClientError> {
        for packet in self.encode.push(samples).map_err(failed)? {
            let now = Instant::now();
            let writer = self.audio.and_then(|mid| self.rtc.writer(mid));
            let writer = writer.ok_or_else(|| failed("no audio is sent"))?;
            let pt = writer
                .payload_params()
                .find(|it| it.spec().codec == Codec::Opus)
                .map(|it| it.pt())
                .ok_or_else(|| failed("no Opus is sent"))?;
            let time = MediaTime::new(self.clock, Frequency::FORTY_EIGHT_KHZ);
            writer.write(pt, now, time, packet).map_err(failed)?;
            self.clock += PIECE as u64;
            self.timeout = now;
            self.drive(now)?;
        }
        Ok(())
    }

    /// Sends 20 ms of audio that the network loses.
    ///
    /// # Errors
    /// As for [`talk`](Self::talk).
    pub fn lose(&mut self, samples: &[f32]) -> Result<(), ClientError> {
        self.losing = true;
        let sent = self.talk(samples);
        self.losing = false;
        sent
    }

    /// Sends a text message.
    ///
    /// # Errors
    /// Where the data channel is not open, or has no room.
    pub fn tell(&mut self, text: &str) -> Result<(), ClientError> {
        self.write(false, text.as_bytes())
    }

    /// Sends a binary message.
    ///
    /// # Errors
    /// As for [`tell`](Self::tell).
    pub fn give(&mut self, bytes: &[u8]) -> Result<(), ClientError> {
        self.write(true, bytes)
    }

    fn write(&mut self, binary: bool, bytes: &[u8]) -> Result<(), ClientError> {
        let id = self.channel.filter(|_| self.open);
        let channel = id.and_then(|id| self.rtc.channel(id));
        let mut channel = channel.ok_or_else(|| failed("the data channel is not open"))?;
        match channel.write(binary, bytes).map_err(failed)? {
            true => {
                self.timeout = Instant::now();
                self.drive(self.timeout)
            }
            false => Err(failed("the data channel has no room")),
        }
    }

    /// Says goodbye.
    pub fn close(mut self) {
        if self.rtc.close().is_ok() {
            let _ = self.drive(Instant::now());
        }
    }

    /// When [`poll`](Self::poll) has to be called, though nothing came.
    #[must_use]
    pub fn timeout(&self) -> Instant {
        self.timeout
    }

    /// Reads what has come, does what is due, and says what happened.
    ///
    /// # Errors
    /// Where the connection failed.
    pub fn poll(&mut self) -> Result<Vec<Event>, ClientError> {
        let mut buffer = [0; 2048];
        let now = Instant::now();
        loop {
            let (length, source) = match self.socket.recv_from(&mut buffer) {
                Ok(received) => received,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(failed(error)),
            };
            let bytes = &buffer[..length];
            let Ok(received) = Receive::new(Protocol::Udp, source, self.local, bytes) else {
                continue;
            };
            let input = Input::Receive(Instant::now(), received);
            self.rtc.handle_input(input).map_err(failed)?;
            self.drive(now)?;
        }
        if self.timeout <= now {
            self.drive(now)?;
        }
        Ok(std::mem::take(&mut self.events))
    }

    /// Polls until something happens, or for a time.
    ///
    /// # Errors
    /// Where the connection failed.
    pub fn wait(&mut self, most: Duration) -> Result<Vec<Event>, ClientError> {
        let end = Instant::now() + most;
        loop {
            let events = self.poll()?;
            let now = Instant::now();
            if !events.is_empty() || now >= end {
                return Ok(events);
            }
            let until = end.min(self.timeout).min(now + Duration::from_millis(5));
            std::thread::sleep(until.saturating_duration_since(now));
        }
    }

    fn drive(&mut self, now: Instant) -> Result<(), ClientError> {
        loop {
            match self.rtc.poll_output().map_err(failed)? {
                Output::Timeout(timeout) if timeout <= now && self.rtc.is_alive() => {
                    self.rtc.handle_input(Input::Timeout(now)).map_err(failed)?;
                    if self.timeout == timeout {
                        // It does not get any later: the rest another time.
                        return Ok(());
                    }
                    self.timeout = timeout;
                }
                Output::Timeout(timeout) => {
                    self.timeout = timeout;
                    return Ok(());
                }
                // Audio, by what RFC 7983 says of the first byte.
                Output::Transmit(sent)
                    if self.losing && sent.contents.first().is_some_and(|it| it >> 6 == 2) => {}
                Output::Transmit(sent) => {
                    self.sent += 1;
                    // What the system has no room for is lost, as anywhere.
                    let _ = self.socket.send_to(&sent.contents, sent.destination);
                }
                Output::Event(event) => self.happened(event),
            }
        }
    }

    fn happened(&mut self, event: Happened) {
        match event {
            Happened::Connected => self.events.push(Event::Connected),
            Happened::ChannelOpen(id, _) if Some(id) == self.channel => {
                self.open = true;
                self.events.push(Event::Open);
            }
            Happened::ChannelData(data) if !data.binary => {
                let text = String::from_utf8_lossy(&data.data).into_owned();
                self.events.push(Event::Text(text));
            }
            Happened::MediaData(data) => {
                let time = data.time.rebase(Frequency::FORTY_EIGHT_KHZ).numer();
                let decoded = self.decode.push(&data.data, time);
                self.lost += decoded.lost;
                let pieces = decoded.pieces.into_iter();
                self.events
                    .extend(pieces.map(|piece| Event::Audio(piece.samples)));
            }
            Happened::Closed => self.events.push(Event::Closed),
            _ => {}
        }
    }
}
