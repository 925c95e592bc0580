//! The SDK's gRPC, spoken by a client of its protocol.

use std::collections::HashMap;

use pipeline_grpc::protocol::data_buffer::DataType;
use pipeline_grpc::protocol::execute_response::Outcome;
use pipeline_grpc::protocol::pipeline_execution_service_client::PipelineExecutionServiceClient;
use pipeline_grpc::protocol::stream_control::Command;
use pipeline_grpc::protocol::stream_request::Request as Message;
use pipeline_grpc::protocol::stream_response::Response as Answer;
use pipeline_grpc::protocol::streaming_pipeline_service_client::StreamingPipelineServiceClient;
use pipeline_grpc::protocol::{
    AudioBuffer, AudioFormat, Connection, DataBuffer, DataChunk, ErrorResponse, ErrorType,
    ExecuteRequest, JsonData, NodeManifest, PipelineManifest, ResourceLimits, StreamControl,
    StreamInit, StreamRequest, TextBuffer, VersionRequest,
};
use tokio::runtime::Runtime;
use tonic::transport::Channel;

use crate::program::{Files, until};
use crate::server::Server;

/// A server with this door open, and what drives clients.
pub(crate) struct Door {
    server: Server,
    address: String,
    pub(crate) runtime: Runtime,
}

impl Door {
    pub(crate) fn open(more: &[&str]) -> Self {
        let arguments = [&["--grpc", "127.0.0.1:0"], more].concat();
        let server = Server::start(arguments);
        let told = server.started().to_owned();
        let address = told
            .lines()
            .find_map(|line| line.strip_prefix("listening for gRPC on "))
            .unwrap_or_else(|| panic!("{told}"))
            .to_owned();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        Self {
            server,
            address,
            runtime,
        }
    }

    pub(crate) fn channel(&self) -> Channel {
        let endpoint = Channel::from_shared(self.address.clone()).unwrap();
        self.runtime.block_on(endpoint.connect()).unwrap()
    }

    fn execute(&self, request: ExecuteRequest) -> Outcome {
        let mut client = PipelineExecutionServiceClient::new(self.channel());
        let answer = self.runtime.block_on(client.execute_pipeline(request));
        answer.unwrap().into_inner().outcome.unwrap()
    }

    /// Sends messages, and gives all answers.
    fn stream(&self, messages: Vec<Message>) -> Vec<Answer> {
        let mut client = StreamingPipelineServiceClient::new(self.channel());
        self.runtime.block_on(async {
            let messages = messages.into_iter().map(|request| StreamRequest {
                request: Some(request),
            });
            let messages = futures_util::stream::iter(messages);
            let mut answers = client.stream_pipeline(messages).await.unwrap().into_inner();
            let mut all = Vec::new();
            while let Some(answer) = answers.message().await.unwrap() {
                all.push(answer.response.unwrap());
            }
            all
        })
    }
}

pub(crate) fn node(id: &str, node_type: &str, params: &str) -> NodeManifest {
    NodeManifest {
        id: id.into(),
        node_type: node_type.into(),
        params: params.into(),
        ..NodeManifest::default()
    }
}

/// A chain of nodes.
pub(crate) fn chain(nodes: Vec<NodeManifest>) -> PipelineManifest {
    let connections = (nodes.windows(2))
        .map(|pair| Connection {
            from: pair[0].id.clone(),
            to: pair[1].id.clone(),
        })
        .collect();
    PipelineManifest {
        version: "v1".into(),
        nodes,
        connections,
        ..PipelineManifest::default()
    }
}

pub(crate) fn json(text: &str) -> DataBuffer {
    of(DataType::Json(JsonData {
        json_payload: text.into(),
        ..JsonData::default()
    }))
}

fn of(data_type: DataType) -> DataBuffer {
    DataBuffer {
        data_type: Some(data_type),
        ..DataBuffer::default()
    }
}

pub(crate) fn chunk(sequence: u64, buffer: DataBuffer) -> Message {
    Message::DataChunk(DataChunk {
        buffer: Some(buffer),
        sequence,
        ..DataChunk::default()
    })
}

pub(crate) fn init(manifest: PipelineManifest) -> Message {
    Message::Init(StreamInit {
        manifest: Some(manifest),
        ..StreamInit::default()
    })
}

pub(crate) fn control(command: Command) -> Message {
    Message::Control(StreamControl {
        command: command.into(),
    })
}

fn kind(error: &ErrorResponse) -> ErrorType {
    ErrorType::try_from(error.error_type).unwrap()
}

/// A node that fails.
fn failing() -> Files {
    let source = "class Fails:\n    def process(self, item):\n        raise ValueError('as it was told to')\n";
    Files::new(&[("nodes/fails.py", source)])
}

const DOUBLE: &str = r#"{"multiplier": 2}"#;

#[test]
fn a_run_and_what_is_wrong_with_one() {
    let files = failing();
    let door = Door::open(&["--nodes", &files.path("nodes")]);
    let request = |manifest, inputs: &[(&str, &str)]| ExecuteRequest {
        manifest: Some(manifest),
        data_inputs: (inputs.iter())
            .map(|(id, text)| ((*id).to_owned(), json(text)))
            .collect(),
        ..ExecuteRequest::default()
    };
    let manifest = || {
        chain(vec![
            node("double", "MultiplyNode", DOUBLE),
            node("add", "AddNode", r#"{"addend": 1}"#),
        ])
    };
    let Outcome::Result(result) = door.execute(request(manifest(), &[("double", "20")])) else {
        panic!("it fails");
    };
    assert_eq!(
        result.data_outputs,
        HashMap::from([("add".to_owned(), json("41"))])
    );
    assert_eq!(result.node_results.len(), 2);
    let metrics = result.metrics.unwrap();
    assert_eq!(metrics.node_metrics["double"].items_processed, 1);
    assert_eq!(metrics.data_type_breakdown["json"], 1);

    let broken = chain(vec![node("double", "MultiplyNode", "{")]);
    let fails = chain(vec![node("n", "fails:Fails", "")]);
    for (request, of_kind, said) in [
        (
            request(broken, &[]),
            ErrorType::Validation,
            "nodes[0].params",
        ),
        (
            request(manifest(), &[("nobody", "1")]),
            ErrorType::Validation,
            "data_inputs[\"nobody\"]",
        ),
        (
            request(manifest(), &[("double", "{")]),
            ErrorType::Validation,
            "data_inputs[\"double\"]: json",
        ),
        (
            request(chain(vec![node("n", "NoSuchNode", "")]), &[]),
            ErrorType::Validation,
            "nodes[0].node_type",
        ),
        (
            request(fails, &[("n", "1")]),
            ErrorType::NodeExecution,
            "as it was told to",
        ),
    ] {
        let Outcome::Error(error) = door.execute(request) else {
            panic!("it runs: {said}");
        };
        assert_eq!(kind(&error), of_kind, "{error:?}");
        assert!(error.message.contains(said), "{error:?}");
    }
}

#[test]
fn printed_lines_cannot_be_taken_for_the_servers() {
    let source = "class Prints:\n    def process(self, item):\n        print('listening on http://elsewhere')\n";
    let files = Files::new(&[("nodes/prints.py", source)]);
    let door = Door::open(&["--nodes", &files.path("nodes")]);
    let request = ExecuteRequest {
        manifest: Some(chain(vec![node("n", "prints:Prints", "")])),
        data_inputs: HashMap::from([("n".to_owned(), json("1"))]),
        ..ExecuteRequest::default()
    };
    assert!(matches!(door.execute(request), Outcome::Result(_)));
    until("what was printed", || {
        door.server.told().contains("elsewhere")
    });
    let told = door.server.told();
    let printed = told.lines().find(|line| line.contains("elsewhere"));
    let printed = printed.expect("a line");
    assert!(printed.starts_with("run "), "{told}");
    assert!(printed.contains(" /remotemedia.v1 | listening"), "{told}");
}

#[test]
fn limits_of_the_client_are_kept_where_they_are_tighter() {
    let files = Files::new(&[(
        "nodes/busy.py",
        "class Busy:\n    def process(self, item):\n        while True:\n            pass\n",
    )]);
    let door = Door::open(&["--nodes", &files.path("nodes"), "--timeout", "60"]);
    let request = ExecuteRequest {
        manifest: Some(chain(vec![node("n", "busy:Busy", "")])),
        data_inputs: HashMap::from([("n".to_owned(), json("1"))]),
        resource_limits: Some(ResourceLimits {
            max_timeout_ms: 300,
            ..ResourceLimits::default()
        }),
        ..ExecuteRequest::default()
    };
    let Outcome::Error(error) = door.execute(request) else {
        panic!("it ends");
    };
    assert_eq!(kind(&error), ErrorType::ResourceLimit);
    assert!(error.message.contains("0.3 s"), "{error:?}");
}

#[test]
fn a_session_of_sound() {
    let door = Door::open(&[]);
    let manifest = chain(vec![
        node("mono", "AudioMixDownNode", ""),
        node("quieter", "AudioGainNode", r#"{"gain_db": -6.0205999}"#),
    ]);
    let sound = |number: i16| {
        of(DataType::Audio(AudioBuffer {
            samples: [number; 640]
                .into_iter()
                .flat_map(i16::to_le_bytes)
                .collect(),
            sample_rate: 16000,
            channels: 2,
            format: AudioFormat::I16.into(),
            num_samples: 640,
            metadata_json: None,
        }))
    };
    let answers = door.stream(vec![
        init(manifest),
        chunk(1, sound(16384)),
        chunk(5, sound(-8192)),
        control(Command::Close),
    ]);
    let [
        Answer::Ready(ready),
        Answer::Result(one),
        Answer::Result(two),
        Answer::Metrics(metrics),
        Answer::Closed(closed),
    ] = answers.as_slice()
    else {
        panic!("{answers:?}");
    };
    assert_eq!((one.sequence, two.sequence), (1, 5));
    for (result, level) in [(one, 0.25_f32), (two, -0.125)] {
        let Some(DataType::Audio(audio)) = &result.data_outputs["quieter"].data_type else {
            panic!("{result:?}");
        };
        assert_eq!(
            (audio.sample_rate, audio.channels, audio.num_samples),
            (16000, 1, 320)
        );
        let (samples, _) = audio.samples.as_chunks::<4>();
        assert_eq!(samples.len(), 320);
        for sample in samples {
            assert!((f32::from_le_bytes(*sample) - level).abs() < 1e-5);
        }
    }
    assert_eq!(metrics.chunks_processed, 2);
    assert_eq!(metrics.data_type_breakdown["audio"], 2);
    assert_eq!(closed.session_id, ready.session_id);
    assert_eq!(closed.reason, "completed");
}

#[test]
fn each_chunk_is_answered_and_nodes_flush_at_the_end() {
    let files = Files::new(&[(
        "nodes/words.py",
        "class Words:
    def __init__(self):
        self.all = []

    def process(self, text):
        self.all.append(text)
        yield from text.split()

    def flush(self):
        return len(self.all)
",
    )]);
    let door = Door::open(&["--nodes", &files.path("nodes")]);
    let text = |text: &str| {
        of(DataType::Text(TextBuffer {
            text_data: text.as_bytes().to_vec(),
            encoding: "utf-8".into(),
            ..TextBuffer::default()
        }))
    };
    let answers = door.stream(vec![
        init(chain(vec![node("words", "words:Words", "")])),
        chunk(0, text("two words")),
        chunk(1, text("")),
    ]);
    let results: Vec<_> = (answers.iter())
        .filter_map(|answer| match answer {
            Answer::Result(result) => {
                let given = result.data_outputs.get("words").cloned();
                Some((result.sequence, given))
            }
            _ => None,
        })
        .collect();
    assert_eq!(
        results,
        [
            (0, Some(text("two"))),
            (0, Some(text("words"))),
            (1, None),
            (1, Some(json("2"))),
        ]
    );
    assert!(
        matches!(answers.last(), Some(Answer::Closed(_))),
        "{answers:?}"
    );
}

/// Numbers travel in bulk inside of the server.
#[test]
fn each_output_has_an_answer_of_its_own() {
    let source = "class Many:\n    def process(self, count):\n        yield from range(count)\n";
    let files = Files::new(&[("nodes/many.py", source)]);
    let door = Door::open(&["--nodes", &files.path("nodes")]);
    let answers = door.stream(vec![
        init(chain(vec![node("many", "many:Many", "")])),
        chunk(0, json("500")),
        control(Command::Close),
    ]);
    let results: Vec<_> = (answers.iter())
        .filter_map(|answer| match answer {
            Answer::Result(result) => result.data_outputs.get("many").cloned(),
            _ => None,
        })
        .collect();
    let expected: Vec<_> = (0..500).map(|number| json(&number.to_string())).collect();
    assert_eq!(results, expected);
}

#[test]
fn a_session_says_what_is_wrong_and_ends() {
    let files = failing();
    let door = Door::open(&["--nodes", &files.path("nodes")]);
    let echo = || init(chain(vec![node("echo", "PassThrough", "")]));
    let fails = || init(chain(vec![node("n", "fails:Fails", "")]));
    let named = |id: &str| {
        Message::DataChunk(DataChunk {
            node_id: id.into(),
            buffer: Some(json("1")),
            ..DataChunk::default()
        })
    };
    for (messages, said) in [
        (
            vec![chunk(0, json("1"))],
            "the first message has to be `init`",
        ),
        (vec![init(PipelineManifest::default())], ""),
        (
            vec![echo(), chunk(3, json("1")), chunk(3, json("2"))],
            "sequence: 3 comes after 3",
        ),
        (
            vec![echo(), named("nobody")],
            "the manifest has no node \"nobody\"",
        ),
        (vec![echo(), echo()], "open already"),
        (vec![echo(), chunk(0, json("{"))], "chunk 0: json"),
        (vec![fails(), chunk(0, json("1"))], "as it was told to"),
    ] {
        let answers = door.stream(messages);
        let Some(Answer::Error(error)) = answers.last() else {
            panic!("{said}: {answers:?}");
        };
        assert!(error.message.contains(said), "{said}: {error:?}");
        assert!(!error.message.is_empty());
    }
    let answers = door.stream(vec![echo(), control(Command::Cancel)]);
    let Some(Answer::Closed(closed)) = answers.last() else {
        panic!("{answers:?}");
    };
    assert_eq!(closed.reason, "cancelled");
}

#[test]
fn only_who_has_a_token_is_let_in() {
    let files = Files::new(&[("tokens", "# clients\nalpha\n")]);
    let door = Door::open(&["--grpc-tokens", &files.path("tokens")]);
    let ask = |header: Option<&str>| {
        let mut client = PipelineExecutionServiceClient::new(door.channel());
        let mut request = tonic::Request::new(VersionRequest::default());
        if let Some(header) = header {
            request
                .metadata_mut()
                .insert("authorization", header.parse().unwrap());
        }
        door.runtime.block_on(client.get_version(request))
    };
    for header in [None, Some("Bearer beta"), Some("alpha"), Some("Bearer ")] {
        let status = ask(header).unwrap_err();
        assert_eq!(status.code(), tonic::Code::Unauthenticated, "{header:?}");
    }
    let version = ask(Some("Bearer alpha")).unwrap().into_inner();
    assert!(version.compatible);
    let version = version.version_info.unwrap();
    assert_eq!(version.protocol_version, "v1");
    assert!(
        version
            .supported_node_types
            .iter()
            .any(|name| name == "MultiplyNode")
    );
}

#[test]
fn the_end_of_the_server_waits_for_sessions() {
    let door = Door::open(&[]);
    let mut client = StreamingPipelineServiceClient::new(door.channel());
    let (send, messages) = futures_channel::mpsc::unbounded();
    let message = |request| StreamRequest {
        request: Some(request),
    };
    let manifest = chain(vec![node("echo", "PassThrough", "")]);
    send.unbounded_send(message(init(manifest))).unwrap();
    let answers = door.runtime.block_on(async {
        let mut answers = client.stream_pipeline(messages).await.unwrap().into_inner();
        answers.message().await.unwrap().unwrap();
        answers
    });
    door.server.terminate();
    send.unbounded_send(message(chunk(0, json("7")))).unwrap();
    send.unbounded_send(message(control(Command::Close)))
        .unwrap();
    let mut answers = answers;
    let result = door.runtime.block_on(answers.message()).unwrap().unwrap();
    let Some(Answer::Result(result)) = result.response else {
        panic!("{result:?}");
    };
    assert_eq!(result.data_outputs["echo"], json("7"));
    door.runtime
        .block_on(async { while answers.message().await.unwrap().is_some() {} });
    drop((client, send, answers));
    // Only a runtime that is gone, or driven, closes its connections.
    let Door {
        mut server,
        runtime,
        ..
    } = door;
    drop(runtime);
    assert_eq!(server.end(), Some(0));
}
