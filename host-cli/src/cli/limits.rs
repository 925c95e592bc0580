//! What bounds a run.

use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use pipeline_host::Limits;

/// What bounds a run. The defaults are those of the library.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits, each of which `none` lifts")]
pub(crate) struct LimitArguments {
    /// Stop the run after this many seconds; with --stream, after so many on
    /// one item.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "300")]
    pub(crate) timeout: Limit<Duration>,
    /// Let the run use no more memory than this, Python's own included.
    #[arg(long, value_name = "MIB", value_parser = memory, default_value = "2048")]
    pub(crate) max_memory: Limit<usize>,
    /// Let outputs take no more of the host's memory than this; with --stream,
    /// those of one item. To serve: the longest answer.
    #[arg(long, value_name = "MIB", value_parser = mebibytes, default_value = "1024")]
    pub(crate) max_output: Limit<usize>,
    /// Leave out what nodes print beyond this; with --stream, for one item.
    #[arg(long, value_name = "MIB", value_parser = mebibytes, default_value = "64")]
    pub(crate) max_log: Limit<usize>,
    /// Let the run have no more files open at the same time.
    #[arg(long, value_name = "COUNT", value_parser = count::<usize>, default_value = "256")]
    pub(crate) max_open_files: Limit<usize>,
    /// Take no more items in, and give no more outputs; with --stream, for one
    /// item.
    #[arg(long, value_name = "COUNT", value_parser = count::<u64>, default_value = "10000000")]
    pub(crate) max_items: Limit<u64>,
    /// Write no more files to --output-dir; with --stream, for one item.
    #[arg(long, value_name = "COUNT", value_parser = count::<u64>, default_value = "10000")]
    pub(crate) max_files: Limit<u64>,
}

/// A limit as the command line gives it; none where it is lifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit<T>(pub(crate) Option<T>);

impl LimitArguments {
    /// The limits in the library's form.
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            timeout: self.timeout.0,
            memory: self.max_memory.0,
            output: self.max_output.0,
            log: self.max_log.0,
            open_files: self.max_open_files.0,
            items: self.max_items.0,
            files: self.max_files.0,
            interrupt: None,
        }
    }
}

/// Reads a limit: `none`, or what `read` makes of it.
fn limit<T>(text: &str, read: impl FnOnce() -> Result<T, String>) -> Result<Limit<T>, String> {
    match text {
        "none" => Ok(Limit(None)),
        _ => read().map(|limit| Limit(Some(limit))),
    }
}

fn seconds(text: &str) -> Result<Limit<Duration>, String> {
    limit(text, || {
        duration(text).map_err(|problem| match text.parse::<f64>() {
            Ok(_) => problem,
            Err(_) => format!("{problem}, or `none`"),
        })
    })
}

pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text
        .parse()
        .map_err(|_| "must be a number of seconds".to_owned())?;
    if seconds > 0.0 {
        Duration::try_from_secs_f64(seconds).map_err(|_| "is too long".to_owned())
    } else {
        Err("must be more than 0".to_owned())
    }
}

fn memory(text: &str) -> Result<Limit<usize>, String> {
    match mebibytes(text)? {
        Limit(Some(bytes)) if bytes as u64 > 4 << 30 => {
            Err("must be at most 4096, which is all that a component can address".into())
        }
        limit => Ok(limit),
    }
}

fn mebibytes(text: &str) -> Result<Limit<usize>, String> {
    limit(text, || {
        let mebibytes: Option<usize> = text.parse().ok().filter(|mebibytes| *mebibytes > 0);
        let mebibytes = mebibytes.ok_or("must be a whole number of MiB above 0, or `none`")?;
        let bytes = mebibytes.checked_mul(1 << 20);
        bytes.ok_or_else(|| "is too large".into())
    })
}

fn count<T: FromStr + PartialOrd + Default>(text: &str) -> Result<Limit<T>, String> {
    limit(text, || {
        let count = text.parse().ok().filter(|count| *count > T::default());
        count.ok_or_else(|| "must be a whole number above 0, or `none`".into())
    })
}
