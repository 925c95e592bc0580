//! The sessions that there are, by their names.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::StatusCode;
use pipeline_host::InterruptGuard;
use pipeline_host::types::Data;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};

use super::answers::Refusal;
use super::outputs::{Listener, Outputs};
use super::session::{Asked, Told};

/// How many names are kept, those of sessions that have failed included.
const MOST: usize = 2048;

/// The sessions.
pub(super) struct Sessions {
    all: Mutex<HashMap<String, Arc<Session>>>,
    /// How long one may have nobody who asks or listens.
    idle: Duration,
}

/// A session, as requests reach it.
pub(super) struct Session {
    pub(super) asked: mpsc::Sender<Asked>,
    pub(super) outputs: Arc<Outputs>,
    /// When it was last asked for something.
    pub(super) last: Mutex<Instant>,
    /// Stops it when nothing reaches it any more.
    pub(super) _guard: InterruptGuard,
}

impl Sessions {
    pub(super) fn new(idle: Duration) -> Self {
        Self {
            all: Mutex::default(),
            idle,
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Arc<Session>>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a session, and gives it a name that nobody can guess: who knows it may
    /// use it.
    pub(super) fn keep(self: &Arc<Self>, session: Session) -> String {
        let name = uuid::Uuid::new_v4().to_string();
        {
            let mut all = self.all();
            if all.len() >= MOST {
                all.retain(|_, session| !session.asked.is_closed());
            }
            all.insert(name.clone(), Arc::new(session));
        }
        tokio::spawn(Arc::clone(self).watch(name.clone()));
        name
    }

    /// Lets a session go when nobody has wanted anything of it for too long.
    async fn watch(self: Arc<Self>, name: String) {
        loop {
            let Some(last) = self.all().get(&name).map(|session| session.last()) else {
                return;
            };
            sleep_until(last + self.idle).await;
            let mut all = self.all();
            let Some(session) = all.get(&name) else {
                return;
            };
            // Each request that it works on has it too.
            let wanted = session.outputs.listeners() > 0 || Arc::strong_count(session) > 1;
            if wanted {
                session.touch();
            } else if session.last() + self.idle <= Instant::now() {
                all.remove(&name);
                tracing::info!("a session ended that nobody wanted anything of");
                return;
            }
        }
    }

    fn find(&self, name: &str) -> Result<Arc<Session>, Refusal> {
        let found = self.all().get(name).cloned();
        let session = found.ok_or_else(|| missing(name))?;
        session.touch();
        Ok(session)
    }

    /// Gives an item to a session, and waits until it has worked on it.
    pub(super) async fn push(&self, name: &str, item: Data) -> Result<(), Refusal> {
        let session = self.find(name)?;
        let asked = session.ask(|told| Asked::Item(item, told), self.idle).await;
        session.touch();
        asked
    }

    /// Listens to a session.
    pub(super) fn listen(&self, name: &str) -> Result<Listener, Refusal> {
        Ok(self.find(name)?.outputs.listen())
    }

    /// Ends a session: its nodes give what they still have to who listens, and are
    /// cleaned up.
    pub(super) async fn close(&self, name: &str) -> Result<(), Refusal> {
        let session = self.all().remove(name).ok_or_else(|| missing(name))?;
        session.outputs.close();
        match session.asked.is_closed() {
            true => Ok(()),
            false => session.ask(Asked::Close, self.idle).await,
        }
    }
}

impl Session {
    fn last(&self) -> Instant {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn touch(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Asks for something; gives up where it has to wait for too long, because nobody
    /// listens to what is given.
    async fn ask(
        &self,
        what: impl FnOnce(Told) -> Asked,
        patience: Duration,
    ) -> Result<(), Refusal> {
        let (told, answer) = oneshot::channel();
        let over = || {
            let text = "the session has ended; its last event says why";
            Refusal::new(StatusCode::GONE, "execution", text)
        };
        let stuck = || {
            let text = "the session waits for somebody to read what it has given: GET \
                        /stream/{id}/output";
            Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "resource_limit", text)
        };
        let room = timeout(patience, self.asked.reserve()).await;
        let room = room.map_err(|_| stuck())?.map_err(|_| over())?;
        room.send(what(told));
        // A run is bounded by its own limit of time.
        tokio::select! {
            answer = answer => answer.unwrap_or_else(|_| Err(over())),
            () = self.outputs.stuck(patience) => Err(stuck()),
        }
    }
}

fn missing(name: &str) -> Refusal {
    let text = format!("Session not found: {name}");
    Refusal::new(StatusCode::NOT_FOUND, "session", text)
}
