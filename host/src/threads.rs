//! Threads for work that may keep them busy.

use std::future::Future;

use tokio::runtime::Handle;

use crate::error::Error;

/// Does work on a thread of its own, one of those that the runtime of tokio's which
/// this is called in keeps for what blocks: a guest that is busy occupies its
/// thread. The work begins at once, whether the future is polled or not, and goes
/// on where that is dropped.
///
/// # Errors
/// Where the work panics.
pub fn on_a_thread<T, F, W>(work: W) -> impl Future<Output = Result<T, Error>> + Send + use<T, F, W>
where
    T: Send + 'static,
    F: Future<Output = T>,
    W: FnOnce() -> F + Send + 'static,
{
    let handle = Handle::current();
    let done = tokio::task::spawn_blocking(move || handle.block_on(work()));
    async {
        done.await.map_err(|error| {
            tracing::error!(%error, "the thread of a run panicked");
            Error::Host(error.into())
        })
    }
}
