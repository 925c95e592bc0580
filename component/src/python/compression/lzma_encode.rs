//! Compressing by LZMA.

use std::io::{self, Write};

use lzma_rust2::filter::bcj::BcjWriter;
use lzma_rust2::filter::delta::DeltaWriter;
use lzma_rust2::{
    CheckType, FilterConfig, FilterType, Lzma2Options, Lzma2Writer, LzmaOptions, LzmaWriter,
    XzOptions, XzWriter,
};

/// What is made.
#[derive(Clone)]
pub(super) enum Form {
    Xz(CheckType),
    Alone,
    Raw { two: bool },
}

/// Compresses data piece by piece.
///
/// Less than [`PATIENCE`] bytes are kept until more comes or it ends: what the
/// dictionary takes depends on how much there is.
pub(super) struct Encoder {
    form: Form,
    before: Vec<FilterConfig>,
    options: LzmaOptions,
    kept: Vec<u8>,
    stage: Option<Box<dyn Stage>>,
}

const PATIENCE: usize = 1 << 20;

impl Encoder {
    pub(super) fn new(form: Form, before: Vec<FilterConfig>, options: LzmaOptions) -> Self {
        Self {
            form,
            before,
            options,
            kept: Vec::new(),
            stage: None,
        }
    }

    /// Takes more data; gives what can be given by now.
    pub(super) fn write(&mut self, data: &[u8]) -> io::Result<Vec<u8>> {
        if self.stage.is_none() && self.kept.len() + data.len() < PATIENCE {
            reserve(&mut self.kept, data.len())?;
            self.kept.extend_from_slice(data);
            return Ok(Vec::new());
        }
        let stage = self.start()?;
        stage.write_all(data)?;
        Ok(stage.take())
    }

    /// Gives what is left.
    pub(super) fn finish(mut self) -> io::Result<Vec<u8>> {
        if self.stage.is_none() {
            let wanted = self.kept.len().next_power_of_two().max(4096);
            let wanted = u32::try_from(wanted).unwrap_or(u32::MAX);
            self.options.dict_size = self.options.dict_size.min(wanted);
        }
        self.start()?;
        match self.stage {
            Some(stage) => stage.finish(),
            None => Ok(Vec::new()),
        }
    }

    fn start(&mut self) -> io::Result<&mut Box<dyn Stage>> {
        if self.stage.is_none() {
            // The encoder doesn't ask whether there is so much.
            let needed = self.options.get_memory_usage() as usize;
            reserve(&mut Vec::new(), needed.saturating_mul(1024))?;
            let mut stage = first(&self.form, &self.before, &self.options)?;
            stage.write_all(&std::mem::take(&mut self.kept))?;
            self.stage = Some(stage);
        }
        self.stage
            .as_mut()
            .ok_or_else(|| io::Error::other("no encoder"))
    }
}

fn reserve(bytes: &mut Vec<u8>, count: usize) -> io::Result<()> {
    bytes
        .try_reserve(count)
        .map_err(|_| io::ErrorKind::OutOfMemory.into())
}

fn first(
    form: &Form,
    before: &[FilterConfig],
    options: &LzmaOptions,
) -> io::Result<Box<dyn Stage>> {
    let mut stage: Box<dyn Stage> = match form {
        Form::Xz(check) => {
            // It has the filters itself: they stand in its header.
            let mut xz = XzOptions::with_preset(0);
            xz.lzma_options = options.clone();
            xz.check_type = *check;
            xz.filters = before.to_vec();
            return Ok(Box::new(XzWriter::new(Vec::new(), xz)?));
        }
        Form::Alone => Box::new(LzmaWriter::new_use_header(Vec::new(), options, None)?),
        Form::Raw { two: false } => Box::new(LzmaWriter::new_no_header(Vec::new(), options, true)?),
        Form::Raw { two: true } => {
            let mut two = Lzma2Options::with_preset(0);
            two.lzma_options = options.clone();
            Box::new(Lzma2Writer::new(Vec::new(), two))
        }
    };
    for filter in before.iter().rev() {
        let at = filter.property as usize;
        stage = match filter.filter_type {
            FilterType::Delta => Box::new(DeltaWriter::new(stage, at)),
            FilterType::BcjX86 => Box::new(BcjWriter::new_x86(stage, at)),
            FilterType::BcjPpc => Box::new(BcjWriter::new_ppc(stage, at)),
            FilterType::BcjIa64 => Box::new(BcjWriter::new_ia64(stage, at)),
            FilterType::BcjArm => Box::new(BcjWriter::new_arm(stage, at)),
            FilterType::BcjArmThumb => Box::new(BcjWriter::new_arm_thumb(stage, at)),
            FilterType::BcjSparc => Box::new(BcjWriter::new_sparc(stage, at)),
            FilterType::BcjArm64 => Box::new(BcjWriter::new_arm64(stage, at)),
            FilterType::BcjRiscv => Box::new(BcjWriter::new_riscv(stage, at)),
            FilterType::Lzma2 => return Err(io::ErrorKind::Unsupported.into()),
        };
    }
    Ok(stage)
}

/// A part of a chain of writers that ends in bytes.
trait Stage: Write {
    /// Takes the bytes that came out by now.
    fn take(&mut self) -> Vec<u8>;

    /// Ends the data; gives the bytes that are left.
    fn finish(self: Box<Self>) -> io::Result<Vec<u8>>;
}

impl Stage for XzWriter<Vec<u8>> {
    fn take(&mut self) -> Vec<u8> {
        std::mem::take(self.inner_mut())
    }

    fn finish(self: Box<Self>) -> io::Result<Vec<u8>> {
        (*self).finish()
    }
}

impl Stage for LzmaWriter<Vec<u8>> {
    fn take(&mut self) -> Vec<u8> {
        std::mem::take(self.inner_mut())
    }

    fn finish(self: Box<Self>) -> io::Result<Vec<u8>> {
        (*self).finish()
    }
}

impl Stage for Lzma2Writer<Vec<u8>> {
    fn take(&mut self) -> Vec<u8> {
        std::mem::take(self.inner_mut())
    }

    fn finish(self: Box<Self>) -> io::Result<Vec<u8>> {
        (*self).finish()
    }
}

impl Stage for DeltaWriter<Box<dyn Stage>> {
    fn take(&mut self) -> Vec<u8> {
        self.inner_mut().take()
    }

    fn finish(self: Box<Self>) -> io::Result<Vec<u8>> {
        self.into_inner().finish()
    }
}

impl Stage for BcjWriter<Box<dyn Stage>> {
    fn take(&mut self) -> Vec<u8> {
        self.inner_mut().take()
    }

    fn finish(self: Box<Self>) -> io::Result<Vec<u8>> {
        (*self).finish()?.finish()
    }
}
