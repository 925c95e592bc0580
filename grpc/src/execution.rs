//! Whole runs.

use std::time::Instant;

use pipeline_host::types::{NodeOutputs, RunResult};
use pipeline_host::{Interrupt, on_a_thread};
use tonic::{Request, Response, Status};

use crate::protocol::execute_response::Outcome;
use crate::protocol::pipeline_execution_service_server::PipelineExecutionService;
use crate::protocol::{
    DataBuffer, ExecuteRequest, ExecuteResponse, ExecutionResult, ExecutionStatus, NodeResult,
    NodeStatus, VersionInfo, VersionRequest, VersionResponse,
};
use crate::runs::{Counts, Refusal, Runs};
use crate::{errors, items, manifest, runs};

/// The version of the protocol.
const VERSION: &str = "v1";

/// The service.
pub(crate) struct Execution(pub(crate) Runs);

#[tonic::async_trait]
impl PipelineExecutionService for Execution {
    async fn execute_pipeline(
        &self,
        request: Request<ExecuteRequest>,
    ) -> Result<Response<ExecuteResponse>, Status> {
        let permit = self.0.permit(false).await?;
        let (interrupt, _guard) = self.0.guard();
        let (runs, request) = (self.0.clone(), request.into_inner());
        let ended = on_a_thread(async move || {
            let ended = run(&runs, request, interrupt).await;
            drop(permit);
            ended
        });
        let outcome = match ended.await.map_err(runs::status)? {
            Ok(result) => Outcome::Result(result),
            Err(Refusal(error)) => Outcome::Error(error),
        };
        let outcome = Some(outcome);
        Ok(Response::new(ExecuteResponse { outcome }))
    }

    async fn get_version(
        &self,
        request: Request<VersionRequest>,
    ) -> Result<Response<VersionResponse>, Status> {
        let permit = self.0.permit(false).await?;
        let (interrupt, _guard) = self.0.guard();
        let runs = self.0.clone();
        let listed = on_a_thread(async move || {
            let listed = runs.instance(None, interrupt).await?.list_nodes().await;
            drop(permit);
            listed
        });
        let listed = listed.await.flatten().map_err(runs::status)?;
        let asked = request.into_inner().client_version;
        let compatible = asked.is_empty() || asked == VERSION || asked.starts_with("v1.");
        Ok(Response::new(VersionResponse {
            version_info: Some(VersionInfo {
                protocol_version: VERSION.into(),
                runtime_version: env!("CARGO_PKG_VERSION").into(),
                supported_node_types: (listed.into_iter())
                    .filter(|node| node.unavailable.is_none())
                    .map(|node| node.node_type)
                    .collect(),
                supported_protocols: vec![VERSION.into()],
                build_timestamp: String::new(),
            }),
            compatible,
            compatibility_message: match compatible {
                true => String::new(),
                false => format!("the client speaks {asked}, and this server {VERSION}"),
            },
        }))
    }
}

async fn run(
    runs: &Runs,
    request: ExecuteRequest,
    interrupt: Interrupt,
) -> Result<ExecutionResult, Refusal> {
    let start = Instant::now();
    let limits = request.resource_limits;
    let mut instance = runs.instance(limits.as_ref(), interrupt).await?;
    let loaded = manifest::load(&mut instance, request.manifest).await?;
    let mut counts = Counts::default();
    let inputs = runs::inputs(&loaded.manifest, request.data_inputs, &mut counts)?;
    let inputs = (!inputs.is_empty()).then_some(inputs);
    let ended = instance
        .execute(&loaded.manifest, inputs.as_deref())
        .await?;
    let RunResult {
        outputs,
        graph,
        metrics,
    } = ended.map_err(|error| errors::failed(&error))?;
    let data_outputs: Result<_, Refusal> = (outputs.into_iter())
        .map(|NodeOutputs { node_id, items }| Ok((node_id, output(items)?)))
        .collect();
    Ok(ExecutionResult {
        data_outputs: data_outputs?,
        metrics: Some(runs::metrics(start, &metrics, &counts)),
        node_results: (graph.execution_order.into_iter())
            .map(|node_id| NodeResult {
                node_id,
                status: NodeStatus::Success.into(),
                ..NodeResult::default()
            })
            .collect(),
        status: ExecutionStatus::Success.into(),
    })
}

/// The item of a sink; where there are several, all of them.
fn output(mut items: Vec<pipeline_host::types::Data>) -> Result<DataBuffer, Refusal> {
    let written = match items.len() {
        1 => items::write(items.remove(0)),
        _ => items::write_list(&items),
    };
    written.map_err(|why| errors::invalid(why).into())
}
