//! All peers of one socket.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use socket2::{Domain, Socket, Type};
use str0m::RtcConfig;
use tokio::net::UdpSocket;
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::decode::Decode;
use crate::driver::{Command, Driver};
use crate::line::{Line, Wake};
use crate::offer::{self, Refusal, Role};
use crate::peer::{HEARD, Peer, SAID, State};
use crate::{Bounds, Observer};

/// How much the system may keep of what comes and of what goes, in bytes: what a
/// thousand peers send in the time that a thread may have to wait for its turn.
const KEPT: usize = 4 << 20;

/// Where peers are met, and what they are held to.
pub struct Options {
    /// The address of the UDP socket.
    pub socket: SocketAddr,
    /// The address that answers name, where that is not the socket's own: behind a
    /// NAT that leaves the port as it is.
    pub announced: Option<IpAddr>,
    /// What peers are held to.
    pub bounds: Bounds,
    /// Is told what happens.
    pub observer: Arc<dyn Observer>,
}

/// All peers of one socket. Dropping it ends them.
pub struct Peers {
    config: RtcConfig,
    address: SocketAddr,
    announced: Option<IpAddr>,
    bounds: Bounds,
    observer: Arc<dyn Observer>,
    places: Arc<Semaphore>,
    handshakes: Arc<Semaphore>,
    next: AtomicU64,
    ending: AtomicBool,
    commands: mpsc::Sender<Command>,
    wakes: mpsc::UnboundedSender<u64>,
}

/// A peer that was answered.
pub struct Joined {
    /// Its name, which nobody guesses.
    pub id: String,
    /// The answer, as SDP.
    pub answer: String,
    /// The session's end of it.
    pub line: Line,
    /// Is closed when the peer is gone, whatever its session does.
    pub gone: oneshot::Receiver<()>,
}

impl Peers {
    /// Opens the socket, and begins to drive peers, in a task of this runtime.
    ///
    /// # Errors
    /// Where the address can't be had.
    pub fn open(options: Options) -> io::Result<Self> {
        let Options {
            socket,
            announced,
            bounds,
            observer,
        } = options;
        let socket = bind(socket)?;
        let address = socket.local_addr()?;
        let (commands, receiver) = mpsc::channel(16);
        let (wakes, woken) = mpsc::unbounded_channel();
        let driver = Driver {
            socket,
            bounds,
            observer: Arc::clone(&observer),
            commands: receiver,
            wakes: woken,
            peers: HashMap::new(),
            routes: HashMap::new(),
        };
        tokio::spawn(driver.run());
        Ok(Self {
            config: offer::config(),
            address,
            announced,
            bounds,
            observer,
            places: Arc::new(Semaphore::new(bounds.peers)),
            handshakes: Arc::new(Semaphore::new(bounds.handshakes)),
            next: AtomicU64::new(0),
            ending: AtomicBool::new(false),
            commands,
            wakes,
        })
    }

    /// The address of the socket.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers an offer in SDP. Its audio is decoded to two channels where that is
    /// asked for, and else to one. `reached` is the address of this machine at which
    /// the peer has asked: it is what the answer names where neither the socket nor
    /// the options have one.
    ///
    /// # Errors
    /// Says why there is no answer.
    pub async fn join(
        &self,
        offer: &str,
        role: Role,
        stereo: bool,
        reached: IpAddr,
    ) -> Result<Joined, Refusal> {
        if self.ending.load(Ordering::Relaxed) {
            return Err(Refusal::Ending);
        }
        let local = self.local(reached)?;
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = Arc::new(place.map_err(|_| Refusal::Full(self.bounds.peers))?);
        let handshake = Arc::clone(&self.handshakes).try_acquire_owned();
        let handshake = handshake.map_err(|_| Refusal::Handshakes(self.bounds.handshakes))?;
        let offer::Answer { rtc, text, channel } = offer::answer(&self.config, offer, role, local)?;
        let internal = |error: String| Refusal::Internal(error);
        let decode = Decode::new(stereo).map_err(|error| internal(error.to_string()))?;
        let id = name().map_err(|error| internal(error.to_string()))?;
        let key = self.next.fetch_add(1, Ordering::Relaxed);
        let (session, heard) = mpsc::channel(HEARD);
        let (saying, said) = mpsc::channel(SAID);
        let (telling, gone) = oneshot::channel();
        let overflowed = Arc::new(AtomicBool::new(false));
        let now = Instant::now();
        let peer = Peer {
            id: id.clone(),
            local,
            rtc,
            timeout: now,
            born: now,
            heard: now,
            session: Some(session),
            said,
            _gone: telling,
            _place: Arc::clone(&place),
            handshake: Some(handshake),
            offered_channel: channel,
            overflowed: Arc::clone(&overflowed),
            observer: Arc::clone(&self.observer),
            state: State::default(),
        };
        let command = Command::Join(key, Box::new(peer));
        let sent = self.commands.send(command).await;
        sent.map_err(|_| internal("nobody drives the peers any more".into()))?;
        let wakes = self.wakes.clone();
        let observer = Arc::clone(&self.observer);
        let wake = Wake { key, wakes };
        let line = Line::new(heard, saying, wake, observer, place, decode, overflowed);
        Ok(Joined {
            id,
            answer: text,
            line,
            gone,
        })
    }

    /// Ends a peer; whether there is one of that id.
    pub async fn leave(&self, id: &str) -> bool {
        let (told, telling) = oneshot::channel();
        let command = Command::Leave(id.to_owned(), told);
        let sent = self.commands.send(command).await;
        sent.is_ok() && telling.await.unwrap_or(false)
    }

    /// Takes no more peers, lets those go that are not connected yet, and waits until
    /// the others are gone, and their sessions over: to end those is their own task.
    pub async fn end(&self) {
        self.ending.store(true, Ordering::Relaxed);
        let _ = self.commands.send(Command::LeaveEarly).await;
        let all = u32::try_from(self.bounds.peers).unwrap_or(u32::MAX);
        let _ = self.places.acquire_many(all).await;
    }

    /// The address that an answer names.
    fn local(&self, reached: IpAddr) -> Result<SocketAddr, Refusal> {
        let own = self.address.ip();
        let ip = match self.announced {
            Some(announced) => announced,
            None if !own.is_unspecified() => own,
            None => reached.to_canonical(),
        };
        if ip.is_ipv4() != own.is_ipv4() {
            return Err(Refusal::Unacceptable(
                "the server's address for WebRTC is of another kind (IPv4, IPv6) than the one that \
                 it was asked at",
            ));
        }
        Ok(SocketAddr::new(ip, self.address.port()))
    }
}

/// A UDP socket that does not wait.
fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, None)?;
    if address.is_ipv6() {
        // Addresses of peers would have two forms otherwise.
        socket.set_only_v6(true)?;
    }
    // The system gives as much of it as it may.
    let _ = socket.set_recv_buffer_size(KEPT);
    let _ = socket.set_send_buffer_size(KEPT);
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    UdpSocket::from_std(socket.into())
}

/// A name that nobody guesses: 128 bits.
fn name() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}
