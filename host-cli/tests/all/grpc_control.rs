//! Looking into a session over gRPC: what its nodes give, and what they are given.

use futures_channel::mpsc::UnboundedSender;
use pipeline_grpc::protocol::control_event::Event;
use pipeline_grpc::protocol::control_frame::Op;
use pipeline_grpc::protocol::intercept_decision::Decision;
use pipeline_grpc::protocol::pipeline_control_client::PipelineControlClient;
use pipeline_grpc::protocol::stream_control::Command;
use pipeline_grpc::protocol::stream_request::Request as Message;
use pipeline_grpc::protocol::stream_response::Response as Answer;
use pipeline_grpc::protocol::streaming_pipeline_service_client::StreamingPipelineServiceClient;
use pipeline_grpc::protocol::{
    CloseReasonCode, ControlAddress, ControlDirection, ControlErrorCode, ControlEvent,
    ControlFrame, DataBuffer, Empty, Hello, Intercept, InterceptDecision, InterceptReply,
    NodeState, Publish, SetNodeState, StreamRequest, StreamResponse, Subscribe,
};
use tonic::Streaming;

use crate::grpc::{Door, chain, chunk, control, init, json, node};
use crate::program::Files;

/// A session, and somebody who is attached to it.
struct Both<'d> {
    door: &'d Door,
    id: String,
    send: UnboundedSender<StreamRequest>,
    answers: Streaming<StreamResponse>,
    frames: UnboundedSender<ControlFrame>,
    events: Streaming<ControlEvent>,
}

impl<'d> Both<'d> {
    fn new(door: &'d Door, first: Message) -> Self {
        let (send, messages) = futures_channel::mpsc::unbounded();
        let mut client = StreamingPipelineServiceClient::new(door.channel());
        let request = Some(first);
        send.unbounded_send(StreamRequest { request }).unwrap();
        let (answers, id) = door.runtime.block_on(async {
            let mut answers = client.stream_pipeline(messages).await.unwrap().into_inner();
            let ready = answers.message().await.unwrap().unwrap();
            let Some(Answer::Ready(ready)) = ready.response else {
                panic!("{ready:?}");
            };
            (answers, ready.session_id)
        });
        let (frames, events) = attach(door, &id).unwrap();
        let mut both = Self {
            door,
            id,
            send,
            answers,
            frames,
            events,
        };
        let Event::Attached(attached) = both.event() else {
            panic!("it is not attached");
        };
        assert_eq!(
            (attached.session_id, attached.attach_id),
            (both.id.clone(), "me".into())
        );
        both
    }

    fn say(&self, message: Message) {
        let request = Some(message);
        self.send.unbounded_send(StreamRequest { request }).unwrap();
    }

    fn answer(&mut self) -> Answer {
        let answer = self.door.runtime.block_on(self.answers.message());
        answer.unwrap().unwrap().response.unwrap()
    }

    /// What the sink gave for a chunk.
    #[track_caller]
    fn result(&mut self) -> Option<DataBuffer> {
        match self.answer() {
            Answer::Result(result) => result.data_outputs.get("double").cloned(),
            other => panic!("{other:?}"),
        }
    }

    fn ask(&self, op: Op) {
        self.frames
            .unbounded_send(ControlFrame { op: Some(op) })
            .unwrap();
    }

    fn event(&mut self) -> Event {
        let event = self.door.runtime.block_on(self.events.message());
        event.unwrap().unwrap().event.unwrap()
    }

    /// Waits until all is done that was asked for.
    #[track_caller]
    fn done(&mut self) {
        self.ask(Op::SetNodeState(SetNodeState {
            node_id: "nobody".into(),
            state: NodeState::Enabled.into(),
        }));
        self.refused(ControlErrorCode::UnknownNode, "nobody");
    }

    #[track_caller]
    fn refused(&mut self, code: ControlErrorCode, said: &str) {
        match self.event() {
            Event::Error(error) => {
                assert_eq!(error.code, i32::from(code), "{error:?}");
                assert!(error.message.contains(said), "{error:?}");
            }
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn hears(&mut self, node: &str, data: DataBuffer) {
        match self.event() {
            Event::Tap(tap) => {
                assert_eq!((tap.addr, tap.data), (Some(output_of(node)), Some(data)));
            }
            other => panic!("{other:?}"),
        }
    }

    fn set(&self, node: &str, state: NodeState) {
        self.ask(Op::SetNodeState(SetNodeState {
            node_id: node.into(),
            state: state.into(),
        }));
    }
}

type Attached = (UnboundedSender<ControlFrame>, Streaming<ControlEvent>);

fn attach(door: &Door, id: &str) -> Result<Attached, tonic::Status> {
    let (frames, sent) = futures_channel::mpsc::unbounded();
    let op = Some(Op::Hello(Hello {
        session_id: id.into(),
        attach_id: "me".into(),
    }));
    frames.unbounded_send(ControlFrame { op }).unwrap();
    let mut client = PipelineControlClient::new(door.channel());
    let events = door.runtime.block_on(client.attach(sent))?;
    Ok((frames, events.into_inner()))
}

fn address(node: &str, direction: ControlDirection) -> Option<ControlAddress> {
    Some(ControlAddress {
        node_id: node.into(),
        port: String::new(),
        direction: direction.into(),
    })
}

fn output_of(node: &str) -> ControlAddress {
    address(node, ControlDirection::Out).unwrap()
}

fn subscribe(node: &str) -> Op {
    let addr = Some(output_of(node));
    Op::Subscribe(Subscribe { addr })
}

/// Adds one, and doubles.
fn pipeline() -> Message {
    init(chain(vec![
        node("add", "AddNode", r#"{"addend": 1}"#),
        node("double", "MultiplyNode", r#"{"factor": 2}"#),
    ]))
}

#[test]
fn nodes_are_heard_and_given_items() {
    let door = Door::open(&["--grpc-control"]);
    let mut both = Both::new(&door, pipeline());
    both.ask(subscribe("add"));
    both.ask(subscribe("double"));
    both.done();
    both.say(chunk(0, json("5")));
    assert_eq!(both.result(), Some(json("12")));
    both.hears("add", json("6"));
    both.hears("double", json("12"));
    // A node in the middle is given one, and the client hears what comes of it.
    both.ask(Op::Publish(Publish {
        addr: address("double", ControlDirection::In),
        data: Some(json("7")),
    }));
    assert_eq!(both.result(), Some(json("14")));
    both.hears("double", json("14"));
    both.say(control(Command::Close));
    assert!(matches!(both.answer(), Answer::Metrics(_)));
    assert!(matches!(both.answer(), Answer::Closed(_)));
    let Event::SessionClosed(closed) = both.event() else {
        panic!("it is not closed");
    };
    assert_eq!(closed.reason, i32::from(CloseReasonCode::Normal));
    let status = attach(&door, &both.id).unwrap_err();
    assert_eq!(status.code(), tonic::Code::NotFound);
}

#[test]
fn what_sinks_give_is_decided_on() {
    let door = Door::open(&["--grpc-control"]);
    let mut both = Both::new(&door, pipeline());
    both.ask(Op::Intercept(Intercept {
        addr: Some(output_of("double")),
        deadline_ms: 10_000,
    }));
    both.done();
    for (sequence, decision, expected) in [
        (0, Decision::Pass(Empty {}), Some(json("12"))),
        (1, Decision::Replace(json("99")), Some(json("99"))),
        (2, Decision::Drop(Empty {}), None),
    ] {
        both.say(chunk(sequence, json("5")));
        let Event::InterceptRequest(request) = both.event() else {
            panic!("nothing is asked");
        };
        assert_eq!(request.data, Some(json("12")));
        both.ask(Op::InterceptReply(InterceptReply {
            correlation_id: request.correlation_id,
            decision: Some(InterceptDecision {
                decision: Some(decision),
            }),
        }));
        assert_eq!(both.result(), expected);
    }
    // Nobody decides: it passes.
    both.ask(Op::Intercept(Intercept {
        addr: Some(output_of("double")),
        deadline_ms: 1,
    }));
    both.done();
    both.say(chunk(3, json("5")));
    assert_eq!(both.result(), Some(json("12")));
}

#[test]
fn nodes_are_let_out() {
    let door = Door::open(&["--grpc-control"]);
    let mut both = Both::new(&door, pipeline());
    both.ask(subscribe("add"));
    for (sequence, node, state, expected) in [
        (0, "add", NodeState::Bypass, Some(json("10"))),
        (1, "add", NodeState::Disabled, None),
        (2, "add", NodeState::Enabled, Some(json("12"))),
        (3, "double", NodeState::Disabled, None),
        (4, "double", NodeState::Enabled, Some(json("12"))),
    ] {
        both.set(node, state);
        // What is heard meanwhile comes before.
        both.ask(subscribe("nobody"));
        while !matches!(both.event(), Event::Error(_)) {}
        both.say(chunk(sequence, json("5")));
        assert_eq!(both.result(), expected, "{node} {state:?}");
    }
}

#[test]
fn what_can_t_be_asked_for() {
    let files = Files::new(&[(
        "nodes/fails.py",
        "class Fails:\n    def process(self, item):\n        raise ValueError('as it was told to')\n",
    )]);
    let door = Door::open(&["--grpc-control", "--nodes", &files.path("nodes")]);
    let status = attach(&door, "nobody").unwrap_err();
    assert_eq!(status.code(), tonic::Code::NotFound);

    let mut both = Both::new(&door, pipeline());
    let inner = || Some(output_of("add"));
    for (op, code, said) in [
        (
            Op::Intercept(Intercept {
                addr: inner(),
                deadline_ms: 0,
            }),
            ControlErrorCode::InvalidAddress,
            "only what a sink gives",
        ),
        (
            Op::Subscribe(Subscribe {
                addr: address("add", ControlDirection::In),
            }),
            ControlErrorCode::InvalidAddress,
            "CONTROL_DIRECTION_OUT",
        ),
        (
            Op::Publish(Publish {
                addr: address("add", ControlDirection::In),
                data: None,
            }),
            ControlErrorCode::InvalidAddress,
            "`data`",
        ),
        (
            Op::InterceptReply(InterceptReply::default()),
            ControlErrorCode::Protocol,
            "no decision",
        ),
        (
            Op::Hello(Hello::default()),
            ControlErrorCode::Protocol,
            "`hello`",
        ),
        (subscribe("nobody"), ControlErrorCode::UnknownNode, "nobody"),
    ] {
        both.ask(op);
        both.refused(code, said);
    }
    both.set("double", NodeState::Bypass);
    both.refused(ControlErrorCode::InvalidAddress, "neither");

    let mut fails = Both::new(&door, init(chain(vec![node("n", "fails:Fails", "")])));
    fails.say(chunk(0, json("1")));
    assert!(matches!(fails.answer(), Answer::Error(_)));
    let Event::SessionClosed(closed) = fails.event() else {
        panic!("it is not closed");
    };
    assert_eq!(closed.reason, i32::from(CloseReasonCode::Error));
    assert!(closed.detail.contains("as it was told to"), "{closed:?}");

    // Where the server was not told to, there is no such service.
    let door = Door::open(&[]);
    let status = attach(&door, "nobody").unwrap_err();
    assert_eq!(status.code(), tonic::Code::Unimplemented);
}
