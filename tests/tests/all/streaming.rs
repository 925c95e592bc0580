//! A session as a sink of inputs and a stream of outputs.

use futures_util::{SinkExt as _, StreamExt as _, TryStreamExt as _, future, pin_mut, stream};
use pipeline_host::types::{Input, NodeOutputs};
use pipeline_host::{Error, codec};

use crate::common::{block_on, limits, sandbox};

const COUNTS: &str = r#"{"version": "v1", "nodes": [{"id": "n", "node_type": "MultiplyNode", "params": {"factor": 2}}]}"#;

fn input(json: &str) -> Input {
    codec::read_input(json.as_bytes()).expect("an item")
}

fn written(given: &[NodeOutputs]) -> Vec<String> {
    let items = given.iter().flat_map(|given| &given.items);
    items
        .map(|item| codec::item_to_json(item).expect("a tree"))
        .collect()
}

/// What a manifest gives for these inputs, as a stream.
fn stream_of(manifest: &str, inputs: &[&str]) -> Result<Vec<String>, Error> {
    block_on(async {
        let mut instance = sandbox(None).instantiate(&limits()).await?;
        let loaded = instance.load(manifest).await?.expect("it can run");
        let session = instance.open(&loaded.manifest).await?.expect("it opens");
        let (sink, outputs) = session.split();
        let items: Vec<Input> = inputs.iter().map(|json| input(json)).collect();
        let feed = stream::iter(items).map(Ok).forward(sink);
        let read = outputs.try_fold(Vec::new(), |mut all, given| {
            all.extend(written(&given));
            future::ready(Ok(all))
        });
        let ((), all) = future::try_join(feed, read).await?;
        Ok(all)
    })
}

#[test]
fn what_goes_in_comes_out() {
    let outputs = stream_of(COUNTS, &["1", "2", "3"]).expect("it runs");
    assert_eq!(outputs, ["2", "4", "6"]);
    let none = stream_of(COUNTS, &[]).expect("it runs");
    assert!(none.is_empty());
}

#[test]
fn an_error_of_the_pipeline_ends_the_stream() {
    let audio = r#"{"version": "v1", "nodes": [{"id": "n", "node_type": "AudioGainNode"}]}"#;
    let error = stream_of(audio, &["\"x\"", "2"]).expect_err("it takes audio alone");
    let Error::Pipeline(error) = error else {
        panic!("{error}");
    };
    assert_eq!(error.node_id.as_deref(), Some("n"));
}

#[test]
fn an_output_comes_before_the_next_input_is_there() {
    block_on(async {
        let mut instance = sandbox(None).instantiate(&limits()).await.expect("made");
        let loaded = instance.load(COUNTS).await.expect("read");
        let loaded = loaded.expect("it can run");
        let session = instance.open(&loaded.manifest).await.expect("opened");
        let (mut sink, outputs) = session.expect("it opens").split();
        pin_mut!(outputs);
        for (item, doubled) in [("5", "10"), ("6", "12")] {
            let (sent, given) = future::join(sink.send(input(item)), outputs.next()).await;
            sent.expect("it is taken");
            let given = given.expect("an output").expect("it runs");
            assert_eq!(written(&given), [doubled]);
        }
        drop(sink);
        assert!(outputs.next().await.is_none());
    });
}
