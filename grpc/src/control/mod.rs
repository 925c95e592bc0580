//! Looking into sessions: who knows the name of one may hear what its nodes give, give
//! them items, decide on what its sinks give, and let nodes out.

#![allow(
    clippy::result_large_err,
    reason = "what goes wrong is an answer, and is made once"
)]

mod line;
mod ways;

use std::sync::Arc;
use std::time::Duration;

use pipeline_host::types::Input;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use self::line::{Decision, Events, Line, error, of};
pub(crate) use self::line::{Lines, Open, Routed};
use crate::items;
use crate::protocol::control_event::Event;
use crate::protocol::control_frame::Op;
use crate::protocol::intercept_decision::Decision as Decided;
use crate::protocol::pipeline_control_server::PipelineControl;
use crate::protocol::{
    Attached, ControlAddress, ControlDirection, ControlErrorCode, ControlEvent, ControlFrame,
    Hello, InterceptReply, NodeState,
};

/// How many events wait for a client that is slow.
const AHEAD: usize = 256;
/// How long a client may take to name its session.
const GREETING: Duration = Duration::from_secs(10);
/// How long a decision is waited for, where nothing is said, and at most.
const DECISION: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(10);

/// The service.
pub(crate) struct Control(pub(crate) Lines);

#[tonic::async_trait]
impl PipelineControl for Control {
    type AttachStream = ReceiverStream<Result<ControlEvent, Status>>;

    async fn attach(
        &self,
        request: Request<Streaming<ControlFrame>>,
    ) -> Result<Response<Self::AttachStream>, Status> {
        let mut frames = request.into_inner();
        let first = tokio::time::timeout(GREETING, frames.message()).await;
        let first = first.map_err(|_| Status::deadline_exceeded("no frame came"))??;
        let Some(Op::Hello(Hello {
            session_id,
            attach_id,
        })) = first.and_then(|first| first.op)
        else {
            let text = "the first frame has to be `hello`, with the session's name";
            return Err(Status::invalid_argument(text));
        };
        let line = self
            .0
            .find(&session_id)
            .ok_or_else(|| Status::not_found(format!("there is no session {session_id:?}")))?;
        let (events, receiver) = mpsc::channel(AHEAD);
        let attached = Event::Attached(Attached {
            session_id,
            attach_id,
        });
        // There is room for it.
        let _ = events.try_send(Ok(of(attached)));
        let Some(id) = line.attach(events.clone()) else {
            let text = "too many are attached to the session already";
            return Err(Status::resource_exhausted(text));
        };
        tokio::spawn(async move {
            serve(&line, id, frames, &events).await;
            line.detach(id);
        });
        Ok(Response::new(ReceiverStream::new(receiver)))
    }
}

/// Does what a client asks for, until it or the session ends.
async fn serve(line: &Arc<Line>, id: u64, mut frames: Streaming<ControlFrame>, events: &Events) {
    loop {
        let frame = tokio::select! {
            closed = line.closed() => {
                let _ = events.send(Ok(of(Event::SessionClosed(closed)))).await;
                return;
            }
            () = events.closed() => return,
            frame = frames.message() => frame,
        };
        let Ok(Some(frame)) = frame else {
            return;
        };
        let asked = Asked { line, id };
        let done = tokio::select! {
            done = asked.op(frame.op) => done,
            // It may have to wait for a session that is busy until it ends.
            _ = line.closed() => Ok(()),
        };
        if let Err(refused) = done
            && events.send(Ok(of(refused))).await.is_err()
        {
            return;
        }
    }
}

/// What somebody who is attached asks for.
struct Asked<'a> {
    line: &'a Line,
    id: u64,
}

impl Asked<'_> {
    async fn op(&self, op: Option<Op>) -> Result<(), Event> {
        let protocol = |text: &str| error(ControlErrorCode::Protocol, text.to_owned(), None);
        match op {
            None => return Err(protocol("the frame asks for nothing that is known here")),
            Some(Op::Hello(_)) => return Err(protocol("`hello` was said already")),
            Some(Op::Subscribe(asked)) => {
                let node = self.node(asked.addr, ControlDirection::Out)?;
                self.line.tap(self.id, &node, true);
            }
            Some(Op::Unsubscribe(asked)) => {
                let node = self.node(asked.addr, ControlDirection::Out)?;
                self.line.tap(self.id, &node, false);
            }
            Some(Op::Publish(asked)) => {
                let address = asked.addr.clone();
                let node = self.node(asked.addr, ControlDirection::In)?;
                let missing = || error_at(&address, "there is no `data`".into());
                let item = items::read(asked.data.ok_or_else(missing)?);
                let item = item.map_err(|why| error_at(&address, why))?;
                let node_id = self.line.ways.entrance(&node).map(str::to_owned);
                self.line.publish(Input { node_id, item }).await;
            }
            Some(Op::Intercept(asked)) => {
                let address = asked.addr.clone();
                let node = self.node(asked.addr, ControlDirection::Out)?;
                if !self.line.ways.is_sink(&node) {
                    let text = "what goes from node to node stays in the sandbox: only what a sink \
                                gives can be decided on";
                    return Err(error_at(&address, text.into()));
                }
                let deadline = match asked.deadline_ms {
                    0 => DECISION,
                    given => Duration::from_millis(given.into()).min(LONGEST),
                };
                self.line.intercept(self.id, &node, Some(deadline));
            }
            Some(Op::RemoveIntercept(asked)) => {
                let node = self.node(asked.addr, ControlDirection::Out)?;
                self.line.intercept(self.id, &node, None);
            }
            Some(Op::InterceptReply(reply)) => self.decide(reply)?,
            Some(Op::SetNodeState(asked)) => {
                let state = NodeState::try_from(asked.state).unwrap_or_default();
                self.set(&asked.node_id, state)?;
            }
            Some(Op::ClearNodeState(asked)) => self.set(&asked.node_id, NodeState::Enabled)?,
        }
        Ok(())
    }

    fn decide(&self, reply: InterceptReply) -> Result<(), Event> {
        let decision = reply.decision.and_then(|decision| decision.decision);
        let decision = match decision {
            Some(Decided::Pass(_)) => Decision::Pass,
            Some(Decided::Drop(_)) => Decision::Drop,
            Some(Decided::Replace(data)) => {
                let item = items::read(data);
                Decision::Replace(item.map_err(|why| error(ControlErrorCode::Protocol, why, None))?)
            }
            None => {
                let text = "the reply has no decision".to_owned();
                return Err(error(ControlErrorCode::Protocol, text, None));
            }
        };
        self.line.decide(reply.correlation_id, decision);
        Ok(())
    }

    fn set(&self, node: &str, state: NodeState) -> Result<(), Event> {
        self.known(node, None)?;
        let ways = &self.line.ways;
        let possible = match state {
            NodeState::Unspecified => {
                let text = "there is no such state".to_owned();
                return Err(error(ControlErrorCode::Protocol, text, None));
            }
            NodeState::Enabled => true,
            NodeState::Bypass => ways.is_source(node),
            NodeState::Disabled => ways.is_source(node) || ways.is_sink(node),
        };
        if !possible {
            let text = format!(
                "what goes from node to node stays in the sandbox: a source can be bypassed or \
                 disabled, a sink disabled, and {node:?} is neither"
            );
            return Err(error(ControlErrorCode::InvalidAddress, text, None));
        }
        self.line.set(node, state);
        Ok(())
    }

    /// The node of an address.
    fn node(
        &self,
        address: Option<ControlAddress>,
        direction: ControlDirection,
    ) -> Result<String, Event> {
        let missing = || {
            let text = "there is no address".to_owned();
            error(ControlErrorCode::InvalidAddress, text, None)
        };
        let address = address.ok_or_else(missing)?;
        if address.direction != i32::from(direction) {
            let text = format!("the direction has to be {}", direction.as_str_name());
            return Err(error_at(&Some(address), text));
        }
        if !matches!(address.port.as_str(), "" | "main") {
            let text = format!(
                "a node has one way in and out here, and no {:?}",
                address.port
            );
            return Err(error_at(&Some(address), text));
        }
        self.known(&address.node_id, Some(&address))?;
        Ok(address.node_id)
    }

    fn known(&self, node: &str, address: Option<&ControlAddress>) -> Result<(), Event> {
        match self.line.ways.has(node) {
            true => Ok(()),
            false => {
                let text = format!("the session has no node {node:?}");
                let address = address.cloned();
                Err(error(ControlErrorCode::UnknownNode, text, address))
            }
        }
    }
}

fn error_at(address: &Option<ControlAddress>, text: String) -> Event {
    error(ControlErrorCode::InvalidAddress, text, address.clone())
}
