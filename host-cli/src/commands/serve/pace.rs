//! How slow a client may be: a server has room for so many, and those who hold it
//! without using it keep the others out.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::transport::server::Connected;

use super::connections::Place;

/// How many bytes a second keep a client from using up its patience.
const RATE: u64 = 16 << 10;

/// The patience with a client: how long it has been waited for, less what it made
/// good by what it moved meanwhile.
pub(super) struct Patience {
    most: Duration,
    left: Duration,
}

impl Patience {
    pub(super) fn new(most: Duration) -> Self {
        Self { most, left: most }
    }

    /// When it ends, for who begins to wait now.
    pub(super) fn ends(&self) -> Instant {
        let now = Instant::now();
        // A time too far off to be expressed never comes.
        now.checked_add(self.left)
            .unwrap_or(now + Duration::from_secs(1 << 30))
    }

    /// The client was waited for since `start`, and moved some bytes then.
    pub(super) fn moved(&mut self, start: Instant, bytes: usize) {
        let earned = Duration::from_secs_f64(bytes as f64 / RATE as f64);
        let left = self.left.saturating_sub(start.elapsed());
        self.left = left.saturating_add(earned).min(self.most);
    }
}

/// A connection to a client that has to read what it is sent, and the place that it
/// takes.
pub(super) struct Paced {
    stream: TcpStream,
    _place: Place,
    patience: Patience,
    /// Since when the client isn't ready for more, and until when it may be so.
    stalled: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl Paced {
    pub(super) fn new(stream: TcpStream, most: Duration, place: Place) -> Self {
        // Streams send small pieces, each of which somebody waits for.
        let _ = stream.set_nodelay(true);
        Self {
            stream,
            _place: place,
            patience: Patience::new(most),
            stalled: None,
        }
    }

    /// Looks at the clock, when something was written or couldn't be.
    fn wrote(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match written {
            Poll::Pending => {
                let ends = self.patience.ends();
                let stalled = &mut self.stalled;
                let (_, sleep) =
                    stalled.get_or_insert_with(|| (Instant::now(), Box::pin(sleep_until(ends))));
                ready!(sleep.as_mut().poll(context));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            Poll::Ready(Ok(bytes)) => {
                let start = self
                    .stalled
                    .take()
                    .map_or_else(Instant::now, |(start, _)| start);
                self.patience.moved(start, bytes);
                Poll::Ready(Ok(bytes))
            }
            failed => failed,
        }
    }
}

/// As gRPC takes connections.
impl Connected for Paced {
    type ConnectInfo = ();

    fn connect_info(&self) {}
}

impl AsyncRead for Paced {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Paced {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.wrote(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.wrote(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn patience_is_used_up_and_earned() {
        let most = Duration::from_secs(10);
        let mut patience = Patience::new(most);
        let ago = |seconds| Instant::now() - Duration::from_secs(seconds);
        patience.moved(ago(4), 0);
        assert!(patience.left <= Duration::from_secs(6));
        // One byte a second is not enough; the rate is.
        patience.moved(ago(3), 3);
        assert!(patience.left <= Duration::from_millis(3001));
        patience.moved(ago(2), 2 * RATE as usize);
        assert!(patience.left <= Duration::from_millis(3001));
        patience.moved(Instant::now(), 1 << 30);
        assert_eq!(patience.left, most, "what is good in advance doesn't last");
        patience.moved(ago(11), 0);
        assert_eq!(patience.left, Duration::ZERO);
    }
}
