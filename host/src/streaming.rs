//! A session as a sink of inputs and a stream of outputs.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_channel::mpsc;
use futures_core::Stream;
use futures_sink::Sink;
use futures_util::{StreamExt as _, stream};

use crate::error::Error;
use crate::instance::Session;
use crate::types::{ErrorKind, Input, NodeOutputs, Part, PipelineError};

/// How many outputs are asked for at a time.
const MOST: u32 = 64;

/// Takes the inputs of a session; see [`Session::split`]. Closing or dropping it
/// ends the input.
#[derive(Debug)]
pub struct Inputs(mpsc::Sender<Input>);

impl<'i> Session<'i> {
    /// Splits the session into a sink of its inputs and a stream of its outputs.
    ///
    /// The stream does the work: it takes an input when what the one before gave
    /// has been read, so that a reader holds back the writer. When the input ends
    /// it lets what is under way go on, flushes and cleans up the nodes, and ends.
    /// Where there never was any input, sources that produce their own items run.
    /// Dropping the stream stops what is under way; an error is its last item.
    pub fn split(
        self,
    ) -> (
        Inputs,
        impl Stream<Item = Result<Vec<NodeOutputs>, Error>> + use<'i>,
    ) {
        let (sender, receiver) = mpsc::channel(0);
        let run = Run {
            session: Some(self),
            inputs: receiver,
            given: false,
            state: State::Waiting,
        };
        let outputs = stream::try_unfold(run, Run::next);
        (Inputs(sender), outputs)
    }
}

struct Run<'i> {
    /// None when it is finished.
    session: Option<Session<'i>>,
    inputs: mpsc::Receiver<Input>,
    /// Whether there was any input.
    given: bool,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// For an input.
    Waiting,
    /// What an input gave is not read to its end.
    UnderWay,
    /// Sources run that produce their own items; there is no input.
    Sources,
    /// The input has ended.
    Ending,
}

impl<'i> Run<'i> {
    /// The next outputs, and what comes after them; none at the end.
    async fn next(mut self) -> Result<Option<(Vec<NodeOutputs>, Self)>, Error> {
        loop {
            let Some(session) = &mut self.session else {
                return Ok(None);
            };
            let (part, state) = match self.state {
                State::Waiting => match self.inputs.next().await {
                    Some(input) => {
                        self.given = true;
                        (session.push(&input).await?, State::UnderWay)
                    }
                    None if self.given => (session.end().await?, State::Ending),
                    None => (session.pull(MOST).await?, State::Sources),
                },
                state => (session.pull(MOST).await?, state),
            };
            let Part { mut outputs, more } = match part {
                // No items are no mistake in a stream.
                Err(error) if state == State::Sources && error.kind == ErrorKind::NeedsInput => {
                    Part {
                        outputs: Vec::new(),
                        more: false,
                    }
                }
                part => part.map_err(failed)?,
            };
            self.state = match (more, state) {
                (true, state) => state,
                (false, State::Sources) => {
                    self.given = true;
                    State::Waiting
                }
                (false, State::Ending) => {
                    if let Some(session) = self.session.take() {
                        let run = session.finish().await?.map_err(failed)?;
                        outputs.extend(run.outputs);
                    }
                    State::Ending
                }
                (false, _) => State::Waiting,
            };
            if !outputs.is_empty() {
                return Ok(Some((outputs, self)));
            }
        }
    }
}

fn failed(error: PipelineError) -> Error {
    Error::Pipeline(Box::new(error))
}

fn gone(_: mpsc::SendError) -> Error {
    Error::Host("nobody reads the outputs of the session any more".into())
}

impl Sink<Input> for Inputs {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.0.poll_ready(cx).map_err(gone)
    }

    fn start_send(mut self: Pin<&mut Self>, input: Input) -> Result<(), Error> {
        self.0.start_send(input).map_err(gone)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.0).poll_flush(cx).map_err(gone)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.0).poll_close(cx).map_err(gone)
    }
}
