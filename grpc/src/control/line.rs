//! What a session and those who are attached to it share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pipeline_host::types::{Data, Input, Manifest, NodeOutputs};
use tokio::sync::{mpsc, oneshot, watch};
use tonic::Status;

use super::ways::Ways;
use crate::items;
use crate::protocol::control_event::Event;
use crate::protocol::{
    CloseReasonCode, ControlAddress, ControlDirection, ControlErrorCode, ControlEvent, ErrorEvent,
    InterceptRequest, NodeState, SessionClosed, TapEvent,
};

/// How many published items wait for a session.
const PUBLISHED: usize = 16;
/// How many may be attached to a session.
const MOST: usize = 16;

pub(super) type Events = mpsc::Sender<Result<ControlEvent, Status>>;

/// Sessions that can be attached to, by their names.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<HashMap<String, Arc<Line>>>>);

/// A session's side is [`Open`]; those who are attached have the line itself.
pub(crate) struct Line {
    pub(super) ways: Ways,
    published: mpsc::Sender<Input>,
    state: Mutex<State>,
    closed: watch::Sender<Option<SessionClosed>>,
}

#[derive(Default)]
struct State {
    attached: HashMap<u64, Attached>,
    next_attached: u64,
    states: HashMap<String, NodeState>,
    decisions: HashMap<u64, oneshot::Sender<Decision>>,
    next_decision: u64,
}

/// Somebody who is attached.
struct Attached {
    events: Events,
    taps: Vec<String>,
    intercepts: HashMap<String, Duration>,
    /// How many events it was too slow for.
    missed: u64,
}

/// What is to become of an item.
pub(super) enum Decision {
    Pass,
    Replace(Data),
    Drop,
}

impl Lines {
    fn all(&self) -> MutexGuard<'_, HashMap<String, Arc<Line>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn find(&self, id: &str) -> Option<Arc<Line>> {
        self.all().get(id).cloned()
    }

    /// Opens the pipeline of a session of that name; the manifest is the one to run.
    pub(crate) fn open(&self, id: &str, manifest: &Manifest) -> (Manifest, Open) {
        let (manifest, ways) = Ways::open(manifest);
        let (published, incoming) = mpsc::channel(PUBLISHED);
        let line = Arc::new(Line {
            ways,
            published,
            state: Mutex::default(),
            closed: watch::Sender::new(None),
        });
        self.all().insert(id.to_owned(), Arc::clone(&line));
        let open = Open {
            lines: self.clone(),
            id: id.to_owned(),
            line,
            incoming,
        };
        (manifest, open)
    }
}

/// The session's side of a line, which it closes when it is dropped.
pub(crate) struct Open {
    lines: Lines,
    id: String,
    line: Arc<Line>,
    incoming: mpsc::Receiver<Input>,
}

/// Where an item goes: to sources, and past nodes that are bypassed.
pub(crate) struct Routed {
    pub(crate) inputs: Vec<Input>,
    pub(crate) outputs: Vec<NodeOutputs>,
}

impl Open {
    /// The next item that is published.
    pub(crate) async fn published(&mut self) -> Input {
        match self.incoming.recv().await {
            Some(input) => input,
            // The line has the other end.
            None => std::future::pending().await,
        }
    }

    /// Where an item of the client's goes.
    pub(crate) fn route(&self, input: Input) -> Routed {
        let ways = &self.line.ways;
        let state = self.line.state();
        let sources = match input.node_id {
            // The client's own, or one that leads to a node, which nobody else names.
            Some(id) => vec![id],
            None => ways.sources.clone(),
        };
        let mut routed = Routed {
            inputs: Vec::new(),
            outputs: Vec::new(),
        };
        let to = |id: &str| Input {
            node_id: Some(id.to_owned()),
            item: input.item.clone(),
        };
        for id in sources {
            match state.states.get(&id) {
                Some(NodeState::Disabled) => {}
                Some(NodeState::Bypass) => {
                    let next = ways.next(&id).iter();
                    let next = next.filter_map(|id| ways.entrance(id));
                    routed.inputs.extend(next.map(to));
                    routed.outputs.push(NodeOutputs {
                        node_id: id,
                        items: vec![input.item.clone()],
                    });
                }
                _ => routed.inputs.push(to(&id)),
            }
        }
        routed
    }

    /// Shows outputs to those who listen, lets those decide who asked for it, and gives
    /// what is left for the client.
    pub(crate) async fn pass(&self, outputs: Vec<NodeOutputs>) -> Vec<NodeOutputs> {
        let line = &self.line;
        let mut left = Vec::new();
        for NodeOutputs { node_id, items } in outputs {
            let is_sink = line.ways.is_sink(&node_id);
            let mut passed = Vec::new();
            for item in items {
                line.show(&node_id, &item);
                let disabled = || line.state().states.get(&node_id) == Some(&NodeState::Disabled);
                if is_sink && !disabled() {
                    passed.extend(line.decided(&node_id, item).await);
                }
            }
            if !passed.is_empty() {
                left.push(NodeOutputs {
                    node_id,
                    items: passed,
                });
            }
        }
        left
    }

    /// The session failed; this is what those who are attached are told.
    pub(crate) fn failed(&self, detail: &str) {
        self.line.closed.send_replace(Some(SessionClosed {
            reason: CloseReasonCode::Error.into(),
            detail: detail.to_owned(),
        }));
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.lines.all().remove(&self.id);
        self.line.closed.send_if_modified(|closed| {
            let first = closed.is_none();
            closed.get_or_insert_with(|| SessionClosed {
                reason: CloseReasonCode::Normal.into(),
                detail: String::new(),
            });
            first
        });
    }
}

impl Line {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Attaches somebody; none where too many are.
    pub(super) fn attach(&self, events: Events) -> Option<u64> {
        let mut state = self.state();
        if state.attached.len() >= MOST {
            return None;
        }
        let id = state.next_attached;
        state.next_attached += 1;
        let attached = Attached {
            events,
            taps: Vec::new(),
            intercepts: HashMap::new(),
            missed: 0,
        };
        state.attached.insert(id, attached);
        Some(id)
    }

    pub(super) fn detach(&self, id: u64) {
        self.state().attached.remove(&id);
    }

    /// Waits for the session's end, and says how it was.
    pub(super) async fn closed(&self) -> SessionClosed {
        let mut closed = self.closed.subscribe();
        let ended = closed.wait_for(Option::is_some).await;
        ended
            .ok()
            .and_then(|ended| ended.clone())
            .unwrap_or_default()
    }

    pub(super) fn tap(&self, id: u64, node: &str, on: bool) {
        if let Some(attached) = self.state().attached.get_mut(&id) {
            attached.taps.retain(|tapped| tapped != node);
            if on {
                attached.taps.push(node.to_owned());
            }
        }
    }

    pub(super) fn intercept(&self, id: u64, node: &str, deadline: Option<Duration>) {
        if let Some(attached) = self.state().attached.get_mut(&id) {
            match deadline {
                Some(deadline) => attached.intercepts.insert(node.to_owned(), deadline),
                None => attached.intercepts.remove(node),
            };
        }
    }

    pub(super) fn decide(&self, number: u64, decision: Decision) {
        if let Some(waits) = self.state().decisions.remove(&number) {
            // It may have waited for too long.
            let _ = waits.send(decision);
        }
    }

    pub(super) fn set(&self, node: &str, state: NodeState) {
        self.state().states.insert(node.to_owned(), state);
    }

    /// Publishes an item, as soon as the session takes it.
    pub(super) async fn publish(&self, input: Input) {
        // A session that has ended says so by its last event.
        let _ = self.published.send(input).await;
    }

    /// Shows an output to those who listen to its node. Who is too slow misses some,
    /// and is told how many.
    fn show(&self, node: &str, item: &Data) {
        let mut state = self.state();
        let mut event = None;
        for attached in state.attached.values_mut() {
            if attached.taps.iter().any(|tapped| tapped == node) {
                let event = event.get_or_insert_with(|| tapped(node, item));
                attached.tell(event.clone());
            }
        }
    }

    /// Lets somebody decide on an output.
    async fn decided(&self, node: &str, item: Data) -> Option<Data> {
        let (number, deadline, decision) = {
            let mut state = self.state();
            let number = state.next_decision;
            let mut attached = state.attached.values_mut();
            let found = attached.find_map(|it| Some((*it.intercepts.get(node)?, it)));
            let Some((deadline, attached)) = found else {
                return Some(item);
            };
            // What has no form is said where the client is answered.
            let Ok(data) = items::write(item.clone()) else {
                return Some(item);
            };
            let request = Event::InterceptRequest(InterceptRequest {
                addr: Some(output_of(node)),
                correlation_id: number,
                data: Some(data),
            });
            if !attached.tell(request) {
                return Some(item);
            }
            let (decides, decision) = oneshot::channel();
            state.next_decision += 1;
            state.decisions.insert(number, decides);
            (number, deadline, decision)
        };
        let decided = tokio::time::timeout(deadline, decision).await;
        self.state().decisions.remove(&number);
        match decided {
            Ok(Ok(Decision::Drop)) => None,
            Ok(Ok(Decision::Replace(other))) => Some(other),
            _ => Some(item),
        }
    }
}

impl Attached {
    /// Whether it could be told.
    fn tell(&mut self, event: Event) -> bool {
        if self.missed > 0 {
            let text = format!("{} events came too quickly, and are left out", self.missed);
            let event = error(ControlErrorCode::Internal, text, None);
            if self.events.try_send(Ok(of(event))).is_ok() {
                self.missed = 0;
            }
        }
        let told = self.events.try_send(Ok(of(event))).is_ok();
        self.missed += u64::from(!told);
        told
    }
}

fn tapped(node: &str, item: &Data) -> Event {
    match items::write(item.clone()) {
        Ok(data) => Event::Tap(TapEvent {
            addr: Some(output_of(node)),
            data: Some(data),
        }),
        Err(why) => error(ControlErrorCode::Internal, why, Some(output_of(node))),
    }
}

fn output_of(node: &str) -> ControlAddress {
    ControlAddress {
        node_id: node.to_owned(),
        port: String::new(),
        direction: ControlDirection::Out.into(),
    }
}

pub(super) fn of(event: Event) -> ControlEvent {
    ControlEvent { event: Some(event) }
}

pub(super) fn error(
    code: ControlErrorCode,
    message: String,
    addr: Option<ControlAddress>,
) -> Event {
    Event::Error(ErrorEvent {
        code: code.into(),
        message,
        addr,
    })
}
