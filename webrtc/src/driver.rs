//! The task that has the socket, and drives all peers.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use str0m::Input;
use str0m::net::{DatagramRecv, Protocol, Receive};
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep_until;

use crate::peer::Peer;
use crate::{Bounds, Ending, Lost, Observer};

/// How much is done of one kind before the others have their turn.
const AT_ONCE: usize = 64;
/// The longest datagram that is read, in bytes; no peer's is longer.
const LONGEST: usize = 2048;

/// What the task is asked for.
pub(crate) enum Command {
    Join(u64, Box<Peer>),
    /// Ends the peer of an id; tells whether there is one.
    Leave(String, oneshot::Sender<bool>),
    /// Ends those that are not connected yet.
    LeaveEarly,
}

/// The state of the task.
pub(crate) struct Driver {
    pub(crate) socket: UdpSocket,
    pub(crate) bounds: Bounds,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) commands: mpsc::Receiver<Command>,
    pub(crate) wakes: mpsc::UnboundedReceiver<u64>,
    pub(crate) peers: HashMap<u64, Peer>,
    /// Whose datagrams come from an address.
    pub(crate) routes: HashMap<SocketAddr, u64>,
}

impl Driver {
    /// Drives the peers until nobody can ask for more.
    pub(crate) async fn run(mut self) {
        let mut buffer = [0; LONGEST];
        loop {
            let next = self.peers.values().map(|peer| peer.deadline(&self.bounds));
            let next = next.min();
            tokio::select! {
                command = self.commands.recv() => match command {
                    Some(command) => self.command(command),
                    None => break,
                },
                Some(key) = self.wakes.recv() => {
                    self.drive(key);
                    for _ in 0..AT_ONCE {
                        let Ok(key) = self.wakes.try_recv() else { break };
                        self.drive(key);
                    }
                }
                ready = self.socket.readable() => match ready {
                    Ok(()) => self.receive_all(&mut buffer),
                    Err(error) => tracing::error!(%error, "the socket can't be read"),
                },
                () = wait(next) => self.drive_due(),
            }
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Join(key, peer) => {
                self.peers.insert(key, *peer);
                self.drive(key);
            }
            Command::LeaveEarly => self.leave_early(),
            Command::Leave(id, told) => {
                let mut all = self.peers.iter();
                let key = all.find_map(|(key, peer)| (peer.id == id).then_some(*key));
                if let Some(key) = key {
                    self.end(key, Ending::Deleted);
                }
                let _ = told.send(key.is_some());
            }
        }
    }

    fn leave_early(&mut self) {
        let all = self.peers.iter();
        let early = all.filter(|(_, peer)| !peer.state.connected);
        let early: Vec<u64> = early.map(|(key, _)| *key).collect();
        for key in early {
            self.end(key, Ending::Handshake);
        }
    }

    fn drive_due(&mut self) {
        let now = Instant::now();
        let all = self.peers.iter();
        let due = all.filter(|(_, peer)| peer.deadline(&self.bounds) <= now);
        let due: Vec<u64> = due.map(|(key, _)| *key).collect();
        for key in due {
            self.drive(key);
        }
    }

    fn drive(&mut self, key: u64) {
        self.with(key, |_| None);
    }

    fn receive_all(&mut self, buffer: &mut [u8]) {
        for _ in 0..AT_ONCE {
            match self.socket.try_recv_from(buffer) {
                Ok((length, source)) => self.receive(&buffer[..length], source),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => {
                    tracing::debug!(%error, "a datagram can't be read");
                    return;
                }
            }
        }
    }

    fn receive(&mut self, bytes: &[u8], source: SocketAddr) {
        // What is none of the protocols has no answer.
        let Ok(contents) = DatagramRecv::try_from(bytes) else {
            return;
        };
        let now = Instant::now();
        let receive = Receive {
            proto: Protocol::Udp,
            source,
            destination: source,
            contents,
        };
        let mut input = Input::Receive(now, receive);
        let accepts = |peers: &HashMap<u64, Peer>, key: &u64| {
            peers.get(key).is_some_and(|peer| peer.rtc.accepts(&input))
        };
        let routed = self.routes.get(&source).copied();
        let key = routed.filter(|key| accepts(&self.peers, key));
        let key = key.or_else(|| {
            self.peers
                .keys()
                .copied()
                .find(|key| accepts(&self.peers, key))
        });
        let Some(key) = key else { return };
        let Some(peer) = self.peers.get_mut(&key) else {
            return;
        };
        if routed != Some(key) && peer.may_route() {
            self.routes.insert(source, key);
        }
        if let Input::Receive(_, receive) = &mut input {
            receive.destination = peer.local;
        }
        self.with(key, |peer| peer.receive(now, input));
    }

    /// Does something with a peer, and what follows from it.
    fn with(&mut self, key: u64, work: impl FnOnce(&mut Peer) -> Option<Ending>) {
        let Some(peer) = self.peers.get_mut(&key) else {
            return;
        };
        let (socket, observer, bounds) = (&self.socket, &self.observer, &self.bounds);
        let mut send = |to, bytes: &[u8]| transmit(socket, observer.as_ref(), to, bytes);
        // A fault in what reads the network ends the peer that met it, and no other.
        let ending = catch_unwind(AssertUnwindSafe(|| {
            work(peer).or_else(|| peer.drive(Instant::now(), bounds, &mut send))
        }));
        match ending {
            Ok(None) => {}
            Ok(Some(ending)) => self.end(key, ending),
            Err(_) => {
                tracing::error!(peer = peer.id, "the connection of a peer panicked");
                self.remove(key, Ending::Failed);
            }
        }
    }

    fn end(&mut self, key: u64, ending: Ending) {
        if let Some(peer) = self.peers.get_mut(&key) {
            let (socket, observer) = (&self.socket, &self.observer);
            let mut send = |to, bytes: &[u8]| transmit(socket, observer.as_ref(), to, bytes);
            let closed = catch_unwind(AssertUnwindSafe(|| peer.close(&mut send)));
            if closed.is_err() {
                tracing::error!(peer = peer.id, "the connection of a peer panicked");
            }
        }
        self.remove(key, ending);
    }

    fn remove(&mut self, key: u64, ending: Ending) {
        if let Some(peer) = self.peers.remove(&key) {
            self.routes.retain(|_, other| *other != key);
            tracing::info!(peer = peer.id, by = ending.name(), "a peer is gone");
            self.observer.ended(ending, peer.state.connected);
        }
    }
}

fn transmit(socket: &UdpSocket, observer: &dyn Observer, to: SocketAddr, bytes: &[u8]) {
    if let Err(error) = socket.try_send_to(bytes, to) {
        tracing::debug!(%error, "a datagram can't be sent");
        observer.lost(Lost::Datagram, 1);
    }
}

async fn wait(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until.into()).await,
        None => std::future::pending().await,
    }
}
