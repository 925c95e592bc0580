//! Sessions.

use std::collections::HashMap;
use std::pin::Pin;
use std::time::{Duration, Instant};

use pipeline_host::codec;
use pipeline_host::types::{Data, Input, Manifest, NodeOutputs, Part, PipelineError};
use pipeline_host::{Error, Interrupt, InterruptGuard, Session, on_a_thread};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Request, Response, Status};

use crate::control::{Open, Routed};
use crate::protocol::data_buffer::DataType;
use crate::protocol::stream_control::Command;
use crate::protocol::stream_request::Request as Message;
use crate::protocol::stream_response::Response as Answer;
use crate::protocol::streaming_pipeline_service_server::StreamingPipelineService;
use crate::protocol::{
    AudioChunk, ChunkResult, DataBuffer, DataChunk, ExecutionMetrics, StreamClosed, StreamMetrics,
    StreamReady, StreamRequest, StreamResponse,
};
use crate::runs::{Counts, Refusal, Runs};
use crate::{errors, items, manifest, runs};

/// How many answers wait for a client that is slower than its pipeline.
const AHEAD: usize = 16;
/// How many outputs are asked for at a time.
const MOST: u32 = 64;

/// The service.
pub(crate) struct Streaming(pub(crate) Runs);

#[tonic::async_trait]
impl StreamingPipelineService for Streaming {
    type StreamPipelineStream =
        Pin<Box<dyn Stream<Item = Result<StreamResponse, Status>> + Send + 'static>>;

    async fn stream_pipeline(
        &self,
        request: Request<tonic::Streaming<StreamRequest>>,
    ) -> Result<Response<Self::StreamPipelineStream>, Status> {
        let permit = self.0.permit(true).await?;
        let (interrupt, guard) = self.0.guard();
        let (answers, receiver) = mpsc::channel(AHEAD);
        let runs = self.0.clone();
        let messages = request.into_inner();
        // The stream of answers ends where this does.
        drop(on_a_thread(async move || {
            serve(&runs, messages, &answers, interrupt).await;
            drop(permit);
        }));
        let stream = Guarded {
            answers: ReceiverStream::new(receiver),
            _guard: guard,
        };
        Ok(Response::new(Box::pin(stream)))
    }
}

/// The answers; what works on them stops where the client goes away.
struct Guarded {
    answers: ReceiverStream<Result<StreamResponse, Status>>,
    _guard: InterruptGuard,
}

impl Stream for Guarded {
    type Item = Result<StreamResponse, Status>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        Pin::new(&mut self.answers).poll_next(context)
    }
}

type Answers = mpsc::Sender<Result<StreamResponse, Status>>;

/// Why a session ends before its time.
enum End {
    /// The client is told why.
    Refused(Refusal),
    /// There is nobody to be told.
    Gone,
}

impl<E: Into<Refusal>> From<E> for End {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

/// Serves a session from its first message to its last answer.
async fn serve(
    runs: &Runs,
    messages: tonic::Streaming<StreamRequest>,
    answers: &Answers,
    interrupt: Interrupt,
) {
    let mut messages = Messages {
        messages,
        idle: runs.idle(),
    };
    let ended = session(runs, &mut messages, answers, interrupt).await;
    if let Err(End::Refused(Refusal(error))) = ended {
        let _ = send(answers, Answer::Error(error)).await;
    }
}

/// What the client sends.
struct Messages {
    messages: tonic::Streaming<StreamRequest>,
    idle: Duration,
}

impl Messages {
    /// The next message; none at the end.
    async fn next(&mut self) -> Result<Option<Message>, End> {
        loop {
            let next = tokio::time::timeout(self.idle, self.messages.next()).await;
            match next {
                Err(_) => {
                    let seconds = self.idle.as_secs_f64();
                    let text = format!("nothing came in for {seconds} s, and the session ended");
                    return Err(errors::invalid(text).into());
                }
                Ok(None) => return Ok(None),
                Ok(Some(Err(_))) => return Err(End::Gone),
                // A kind of message that is not known here.
                Ok(Some(Ok(StreamRequest { request: None }))) => {}
                Ok(Some(Ok(StreamRequest { request }))) => return Ok(request),
            }
        }
    }
}

async fn session(
    runs: &Runs,
    messages: &mut Messages,
    answers: &Answers,
    interrupt: Interrupt,
) -> Result<(), End> {
    let Some(Message::Init(init)) = messages.next().await? else {
        let text = "the first message has to be `init`, with the manifest";
        return Err(errors::invalid(text.into()).into());
    };
    let limits = init.resource_limits;
    let mut instance = runs.instance(limits.as_ref(), interrupt).await?;
    let loaded = manifest::load(&mut instance, init.manifest).await?;
    let mut counts = Counts::default();
    let given = runs::inputs(&loaded.manifest, init.data_inputs, &mut counts)?;
    // Who knows it may attach to the session.
    let id = uuid::Uuid::new_v4().to_string();
    let line = runs.lines().map(|lines| lines.open(&id, &loaded.manifest));
    let (opened, mut line) = line.unzip();
    let opened = instance.open(opened.as_ref().unwrap_or(&loaded.manifest));
    let session = opened.await?.map_err(|error| errors::failed(&error))?;
    let fed = Fed {
        session,
        manifest: &loaded.manifest,
        line: line.as_mut(),
        answers,
        id,
        start: Instant::now(),
        sequence: None,
        chunks: 0,
        busy: Duration::ZERO,
        counts,
    };
    let ended = fed.run(messages, given).await;
    if let (Some(line), Err(End::Refused(Refusal(error)))) = (&line, &ended) {
        line.failed(&error.message);
    }
    ended
}

/// A session that is fed.
struct Fed<'a> {
    session: Session<'a>,
    manifest: &'a Manifest,
    /// Where somebody can attach to it.
    line: Option<&'a mut Open>,
    answers: &'a Answers,
    id: String,
    start: Instant,
    /// That of the last chunk.
    sequence: Option<u64>,
    chunks: u64,
    /// How long chunks took.
    busy: Duration,
    counts: Counts,
}

impl Fed<'_> {
    async fn run(mut self, messages: &mut Messages, given: Vec<Input>) -> Result<(), End> {
        let ready = StreamReady {
            session_id: self.id.clone(),
            ..StreamReady::default()
        };
        send(self.answers, Answer::Ready(ready)).await?;
        for input in given {
            self.push(input).await?;
        }
        match self.feed(messages).await {
            Ok(Command::Cancel) => self.cancel().await,
            Ok(_) => self.finish().await,
            Err(end) => {
                // Its nodes are cleaned up, if it can still be called.
                let _ = self.session.close().await;
                Err(end)
            }
        }
    }

    /// Pushes what comes in, until the client says how to end.
    #[allow(deprecated)]
    async fn feed(&mut self, messages: &mut Messages) -> Result<Command, End> {
        loop {
            let message = tokio::select! {
                message = messages.next() => message?,
                input = published(&mut self.line) => {
                    self.push(input).await?;
                    continue;
                }
            };
            match message {
                None => return Ok(Command::Close),
                Some(Message::Init(_)) => {
                    return Err(errors::invalid("the session is open already".into()).into());
                }
                Some(Message::DataChunk(chunk)) => self.chunk(chunk).await?,
                Some(Message::AudioChunk(chunk)) => self.chunk(of_audio(chunk)).await?,
                Some(Message::Control(control)) => match Command::try_from(control.command) {
                    Ok(Command::Unspecified) => {}
                    Ok(command) => return Ok(command),
                    Err(_) => {
                        let text = format!("there is no command {}", control.command);
                        return Err(errors::invalid(text).into());
                    }
                },
            }
        }
    }

    async fn chunk(&mut self, chunk: DataChunk) -> Result<(), End> {
        let start = Instant::now();
        if let Some(last) = self.sequence.filter(|last| chunk.sequence <= *last) {
            let text = format!(
                "sequence: {} comes after {last}, and has to be larger",
                chunk.sequence
            );
            return Err(errors::invalid(text).into());
        }
        self.sequence = Some(chunk.sequence);
        let place = format!("chunk {}", chunk.sequence);
        let input = self.input(chunk, &place)?;
        let answered = self.push(input).await?;
        self.chunks += 1;
        self.busy += start.elapsed();
        match answered {
            // Each chunk has an answer.
            0 => self.answer(HashMap::new(), start.elapsed()).await,
            _ => Ok(()),
        }
    }

    fn input(&mut self, chunk: DataChunk, place: &str) -> Result<Input, End> {
        if !chunk.named_buffers.is_empty() {
            let text = "a node has one input here: send each of `named_buffers` as a chunk";
            return Err(errors::invalid(format!("{place}: {text}")).into());
        }
        let missing = || errors::invalid(format!("{place}: there is no `buffer`"));
        let buffer = chunk.buffer.ok_or_else(missing)?;
        let node_id = Some(chunk.node_id).filter(|id| !id.is_empty());
        if let Some(id) = &node_id
            && !self.manifest.nodes.iter().any(|node| node.id == *id)
        {
            let text = format!("{place}: the manifest has no node {id:?}");
            return Err(errors::invalid(text).into());
        }
        Ok(runs::input(node_id, buffer, place, &mut self.counts)?)
    }

    /// Pushes an item and answers with what the sinks give for it; says how many
    /// answers that were.
    async fn push(&mut self, input: Input) -> Result<u64, End> {
        let start = Instant::now();
        let Some(line) = &self.line else {
            let part = self.session.push(&input).await;
            return self.answer_all(part, start).await;
        };
        let Routed { inputs, outputs } = line.route(input);
        let mut answered = self.answer_each(outputs, start).await?;
        for input in &inputs {
            let part = self.session.push(input).await;
            answered += self.answer_all(part, start).await?;
        }
        Ok(answered)
    }

    /// Answers with a part and those that follow.
    async fn answer_all(
        &mut self,
        first: Result<Result<Part, PipelineError>, Error>,
        start: Instant,
    ) -> Result<u64, End> {
        let mut answered = 0;
        let mut next = first;
        loop {
            let part = match next? {
                Ok(part) => part,
                Err(error) => {
                    // What sinks gave before is not lost.
                    self.answer_each(error.outputs.clone(), start).await?;
                    return Err(errors::failed(&error).into());
                }
            };
            answered += self.answer_each(part.outputs, start).await?;
            if !part.more {
                return Ok(answered);
            }
            next = self.session.pull(MOST).await;
        }
    }

    /// An answer with the first output of each sink, one with the second, and so on.
    async fn answer_each(&mut self, outputs: Vec<NodeOutputs>, start: Instant) -> Result<u64, End> {
        let singly = outputs.into_iter().map(|NodeOutputs { node_id, items }| {
            let items = codec::one_by_one(codec::for_all(items)).into_iter();
            let items = items.map(|input| input.item).collect();
            NodeOutputs { node_id, items }
        });
        let outputs: Vec<_> = singly.collect();
        let outputs = match &self.line {
            Some(line) => line.pass(outputs).await,
            None => outputs,
        };
        let mut sinks: Vec<_> = (outputs.into_iter())
            .map(|given| (given.node_id, given.items.into_iter()))
            .collect();
        for answered in 0.. {
            let mut data_outputs = HashMap::new();
            for (node_id, items) in &mut sinks {
                if let Some(item) = items.next() {
                    data_outputs.insert(node_id.clone(), written(item)?);
                }
            }
            if data_outputs.is_empty() {
                return Ok(answered);
            }
            self.answer(data_outputs, start.elapsed()).await?;
        }
        Ok(0)
    }

    async fn answer(
        &mut self,
        data_outputs: HashMap<String, DataBuffer>,
        took: Duration,
    ) -> Result<(), End> {
        let result = ChunkResult {
            sequence: self.sequence.unwrap_or_default(),
            data_outputs,
            processing_time_ms: took.as_secs_f64() * 1e3,
            total_items_processed: self.chunks,
        };
        send(self.answers, Answer::Result(result)).await
    }

    /// Lets the nodes flush, answers with what they give, and says that it is over.
    async fn finish(mut self) -> Result<(), End> {
        let start = Instant::now();
        let part = self.session.end().await;
        self.answer_all(part, start).await?;
        let metrics = StreamMetrics {
            session_id: self.id.clone(),
            chunks_processed: self.chunks,
            average_latency_ms: self.busy.as_secs_f64() * 1e3 / self.chunks.max(1) as f64,
            total_items: self.chunks,
            data_type_breakdown: self.counts.by_kind(),
            ..StreamMetrics::default()
        };
        let finished = self.session.finish().await?;
        let run = finished.map_err(|error| errors::failed(&error))?;
        let took = runs::metrics(self.start, &run.metrics, &self.counts);
        send(self.answers, Answer::Metrics(metrics)).await?;
        closed(self.answers, self.id, took, "completed").await
    }

    async fn cancel(self) -> Result<(), End> {
        self.session.close().await?;
        let took = runs::metrics(self.start, &[], &self.counts);
        closed(self.answers, self.id, took, "cancelled").await
    }
}

/// The next item that somebody publishes who is attached.
async fn published(line: &mut Option<&mut Open>) -> Input {
    match line {
        Some(line) => line.published().await,
        None => std::future::pending().await,
    }
}

async fn closed(
    answers: &Answers,
    session_id: String,
    metrics: ExecutionMetrics,
    reason: &str,
) -> Result<(), End> {
    let closed = StreamClosed {
        session_id,
        final_metrics: Some(metrics),
        reason: reason.into(),
    };
    send(answers, Answer::Closed(closed)).await
}

async fn send(answers: &Answers, answer: Answer) -> Result<(), End> {
    let response = Some(answer);
    let sent = answers.send(Ok(StreamResponse { response })).await;
    sent.map_err(|_| End::Gone)
}

fn written(item: Data) -> Result<DataBuffer, End> {
    items::write(item).map_err(|why| errors::invalid(why).into())
}

/// The older form of a chunk, in the newer one.
fn of_audio(chunk: AudioChunk) -> DataChunk {
    DataChunk {
        node_id: chunk.node_id,
        buffer: chunk.buffer.map(|audio| DataBuffer {
            data_type: Some(DataType::Audio(audio)),
            metadata: HashMap::new(),
        }),
        named_buffers: HashMap::new(),
        sequence: chunk.sequence,
        timestamp_ms: chunk.timestamp_ms,
    }
}
