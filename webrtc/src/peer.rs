//! One peer, without a socket and without a clock: it is told the time, and what
//! came.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use str0m::channel::ChannelId;
use str0m::format::Codec;
use str0m::media::{Direction, Frequency, MediaData, MediaKind, MediaTime, Mid, Pt};
use str0m::{Event, Input, Output, Rtc, RtcError};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use crate::line::{Ears, Heard, Said};
use crate::playout::{Leaving, Playout};
use crate::{Bounds, Ending, Lost, Observer};

/// How many things wait for a session.
pub(crate) const HEARD: usize = 192;
/// How many packets of audio may be among them: a second, as a rule. What is older
/// when its turn comes is of no use to a conversation.
const AUDIO: usize = 50;
/// How many things wait for the task that drives the peers.
pub(crate) const SAID: usize = 4;
/// How many messages wait for a peer.
const MESSAGES: usize = 64;
/// How long what was said last may take on its way.
const LINGER: Duration = Duration::from_secs(5);
/// How often a peer is gone through before others have their turn.
const ROUNDS: usize = 64;
/// From how many addresses a peer's datagrams find it quickly.
const ROUTES: usize = 8;

/// A peer, from its offer on.
pub(crate) struct Peer {
    pub(crate) id: String,
    pub(crate) local: SocketAddr,
    pub(crate) rtc: Rtc,
    /// When it has to be looked after, by the connection's own clocks.
    pub(crate) timeout: Instant,
    pub(crate) born: Instant,
    /// When something came last.
    pub(crate) heard: Instant,
    pub(crate) session: Option<mpsc::Sender<Heard>>,
    pub(crate) said: mpsc::Receiver<Said>,
    /// Tells the session's watcher by being dropped.
    pub(crate) _gone: oneshot::Sender<()>,
    pub(crate) _place: Arc<OwnedSemaphorePermit>,
    /// Its place among those that are not connected yet.
    pub(crate) handshake: Option<OwnedSemaphorePermit>,
    pub(crate) offered_channel: bool,
    /// Tells the session that it missed a message.
    pub(crate) overflowed: Arc<AtomicBool>,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) state: State,
}

/// What is known of it.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) connected: bool,
    /// Whether the session knows that.
    greeted: bool,
    /// Where audio comes from.
    ear: Option<Mid>,
    /// Where audio goes to.
    mouth: Option<(Mid, Pt)>,
    channel: Option<ChannelId>,
    playout: Playout,
    messages: VecDeque<String>,
    /// Until when the last of it may be on its way.
    finishing: Option<Instant>,
    routes: usize,
}

/// Sends a datagram.
pub(crate) type Send<'a> = dyn FnMut(SocketAddr, &[u8]) + 'a;

impl Peer {
    /// When it has to be looked after.
    pub(crate) fn deadline(&self, bounds: &Bounds) -> Instant {
        let (state, far) = (&self.state, self.timeout);
        let add = |from: Instant, time| from.checked_add(time).unwrap_or(far);
        let mut deadline = far.min(match state.connected {
            true => add(self.heard, bounds.idle),
            false => add(self.born, bounds.handshake),
        });
        deadline = deadline.min(add(self.born, bounds.lifetime));
        let more = [state.playout.deadline(), state.finishing];
        more.into_iter().flatten().fold(deadline, Instant::min)
    }

    /// Whether it has been there for too long.
    fn expired(&self, now: Instant, bounds: &Bounds) -> Option<Ending> {
        let since = |from: Instant| now.saturating_duration_since(from);
        let state = &self.state;
        if state.finishing.is_some_and(|until| now >= until) {
            return Some(Ending::Finished);
        }
        if !state.connected && since(self.born) >= bounds.handshake {
            return Some(Ending::Handshake);
        }
        if state.connected && since(self.heard) >= bounds.idle {
            return Some(Ending::Idle);
        }
        (since(self.born) >= bounds.lifetime).then_some(Ending::Lifetime)
    }

    /// Whether datagrams from one more address may find it quickly.
    pub(crate) fn may_route(&mut self) -> bool {
        self.state.routes += 1;
        self.state.routes <= ROUTES
    }

    /// Takes a datagram that it accepts.
    pub(crate) fn receive(&mut self, now: Instant, input: Input<'_>) -> Option<Ending> {
        self.heard = now;
        self.input(input)
    }

    fn input(&mut self, input: Input<'_>) -> Option<Ending> {
        let failed = self.rtc.handle_input(input).err()?;
        Some(self.failed(&failed))
    }

    fn failed(&self, error: &RtcError) -> Ending {
        tracing::debug!(peer = self.id, %error, "a peer failed");
        Ending::Failed
    }

    /// Does all that is due, and sends what is to be sent. Says when it is over.
    pub(crate) fn drive(
        &mut self,
        now: Instant,
        bounds: &Bounds,
        send: &mut Send<'_>,
    ) -> Option<Ending> {
        for _ in 0..ROUNDS {
            self.take_said(now);
            let wrote = self.write(now);
            if let Some(ending) = self.poll(now, send) {
                return Some(ending);
            }
            if self.is_done() {
                return Some(Ending::Finished);
            }
            if !wrote && self.timeout > now {
                return self.expired(now, bounds);
            }
            if let Some(ending) = self.input(Input::Timeout(now)) {
                return Some(ending);
            }
        }
        // The rest after the others.
        self.timeout = now;
        self.expired(now, bounds)
    }

    /// Says goodbye as far as that can be done at once.
    pub(crate) fn close(&mut self, send: &mut Send<'_>) {
        if self.rtc.close().is_err() {
            return;
        }
        for _ in 0..ROUNDS {
            match self.rtc.poll_output() {
                Ok(Output::Transmit(sent)) => send(sent.destination, &sent.contents),
                Ok(Output::Event(_)) => {}
                Ok(Output::Timeout(_)) | Err(_) => return,
            }
        }
    }

    /// Takes from the session as much as there is room for.
    fn take_said(&mut self, now: Instant) {
        let state = &mut self.state;
        while state.connected && state.finishing.is_none() && state.playout.has_room() {
            if state.messages.len() >= MESSAGES {
                // What nobody asked for keeps nobody waiting.
                if state.channel.is_some() {
                    break;
                }
                state.messages.pop_front();
                self.observer.lost(Lost::MessageOut, 1);
            }
            match self.said.try_recv() {
                Ok(Said::Audio(packet)) if state.mouth.is_some() => state.playout.push(packet),
                Ok(Said::Audio(_)) => {}
                Ok(Said::Message(text)) if self.offered_channel => state.messages.push_back(text),
                Ok(Said::Message(_)) => {}
                Err(mpsc::error::TryRecvError::Empty) => break,
                Ok(Said::Finished) | Err(mpsc::error::TryRecvError::Disconnected) => {
                    state.finishing = Some(now + LINGER);
                }
            }
        }
    }

    /// Hands the connection what may leave now; whether that was something.
    fn write(&mut self, now: Instant) -> bool {
        let mut wrote = false;
        if let Some(id) = self.state.channel
            && let Some(text) = self.state.messages.front()
            && let Some(mut channel) = self.rtc.channel(id)
        {
            match channel.write(false, text.as_bytes()) {
                // When there is room again, time or what comes in tells.
                Ok(false) => {}
                Ok(true) => {
                    self.state.messages.pop_front();
                    wrote = true;
                }
                Err(error) => {
                    tracing::debug!(peer = self.id, %error, "a message can't be sent");
                    self.state.messages.pop_front();
                    self.observer.lost(Lost::MessageOut, 1);
                }
            }
        }
        if let Some((mid, pt)) = self.state.mouth
            && let Some(Leaving { clock, packet }) = self.state.playout.pop(now)
            && let Some(writer) = self.rtc.writer(mid)
        {
            let time = MediaTime::new(clock, Frequency::FORTY_EIGHT_KHZ);
            if let Err(error) = writer.write(pt, now, time, packet) {
                tracing::debug!(peer = self.id, %error, "audio can't be sent");
            }
            wrote = true;
        }
        wrote
    }

    /// Takes what the connection gives, until it waits for the time.
    fn poll(&mut self, now: Instant, send: &mut Send<'_>) -> Option<Ending> {
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(timeout)) => {
                    self.timeout = timeout;
                    self.greet();
                    return (!self.rtc.is_alive()).then_some(Ending::Left);
                }
                Ok(Output::Transmit(sent)) => send(sent.destination, &sent.contents),
                Ok(Output::Event(event)) => {
                    if let Some(ending) = self.event(event, now) {
                        return Some(ending);
                    }
                }
                Err(error) => return Some(self.failed(&error)),
            }
        }
    }

    fn event(&mut self, event: Event, now: Instant) -> Option<Ending> {
        match event {
            Event::MediaAdded(added) if added.kind == MediaKind::Audio => {
                self.media(added.mid, added.direction);
            }
            Event::Connected => self.connected(now),
            Event::MediaData(data) if Some(data.mid) == self.state.ear => self.audio(data),
            Event::ChannelOpen(id, label) => {
                tracing::debug!(peer = self.id, label, "a data channel is open");
                // The first is taken; what comes by others is not heard.
                self.state.channel.get_or_insert(id);
            }
            Event::ChannelClose(id) if Some(id) == self.state.channel => {
                self.state.channel = None;
                self.offered_channel = false;
                self.state.messages.clear();
            }
            Event::ChannelData(data) if Some(data.id) == self.state.channel => {
                self.message(data.binary, data.data, now);
            }
            Event::Closed => return Some(Ending::Left),
            _ => {}
        }
        None
    }

    fn media(&mut self, mid: Mid, direction: Direction) {
        if direction.is_receiving() && self.state.ear.is_none() {
            self.state.ear = Some(mid);
        }
        if direction.is_sending() && self.state.mouth.is_none() {
            let writer = self.rtc.writer(mid);
            let pt = writer.and_then(|writer| {
                let mut all = writer.payload_params();
                all.find(|it| it.spec().codec == Codec::Opus)
                    .map(|it| it.pt())
            });
            self.state.mouth = pt.map(|pt| (mid, pt));
        }
    }

    fn connected(&mut self, now: Instant) {
        if std::mem::replace(&mut self.state.connected, true) {
            return;
        }
        self.heard = now;
        self.handshake = None;
        self.observer.connected();
    }

    /// Tells the session that the peer is connected, once it is known what it can
    /// do: the media are told after the connection is.
    fn greet(&mut self) {
        if !self.state.connected || std::mem::replace(&mut self.state.greeted, true) {
            return;
        }
        let ears = Ears {
            hears: self.state.mouth.is_some(),
            talks: self.state.ear.is_some() || self.offered_channel,
        };
        // The first of all: there is room.
        self.tell(Heard::Connected(ears));
    }

    fn audio(&mut self, data: MediaData) {
        let waiting = self.session.as_ref();
        let waiting = waiting.map_or(0, |session| session.max_capacity() - session.capacity());
        let heard = Heard::Audio {
            packet: data.data,
            time: data.time.rebase(Frequency::FORTY_EIGHT_KHZ).numer(),
            arrived: data.network_time,
        };
        if waiting >= AUDIO || !self.tell(heard) {
            self.observer.lost(Lost::AudioIn, 1);
        }
    }

    fn message(&mut self, binary: bool, bytes: Vec<u8>, now: Instant) {
        let heard = Heard::Message {
            binary,
            bytes,
            arrived: now,
        };
        if !self.tell(heard) {
            // Items don't get lost unsaid: without this one, what follows is wrong.
            self.observer.lost(Lost::MessageIn, 1);
            self.overflowed.store(true, Ordering::Release);
            self.session = None;
        }
    }

    /// Whether the session, if there is one, has room for it.
    fn tell(&mut self, heard: Heard) -> bool {
        self.greet();
        let Some(session) = &self.session else {
            return true;
        };
        match session.try_send(heard) {
            Ok(()) => true,
            Err(mpsc::error::TrySendError::Full(_)) => false,
            // It has had enough.
            Err(mpsc::error::TrySendError::Closed(_)) => {
                self.session = None;
                true
            }
        }
    }

    /// Whether all that was said is with the peer.
    fn is_done(&mut self) -> bool {
        let state = &self.state;
        if state.finishing.is_none() || !state.playout.is_empty() {
            return false;
        }
        let Some(id) = state.channel else {
            return !self.offered_channel || state.messages.is_empty();
        };
        let waits = self
            .rtc
            .channel(id)
            .map_or(0, |mut it| it.buffered_amount());
        self.state.messages.is_empty() && waits == 0
    }
}
