//! The SDK's media as JSON, field by field. What is not named here is passed over, as
//! the SDK does it.

use serde::{Deserialize, Serialize};

#[derive(Deserialize, Serialize)]
pub(super) struct Audio {
    pub(super) samples: Vec<f32>,
    pub(super) sample_rate: u32,
    pub(super) channels: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) stream_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) timestamp_us: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) metadata: Option<serde_json::Value>,
}

#[derive(Deserialize, Serialize)]
pub(super) struct Video {
    pub(super) pixel_data: Vec<u8>,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) format: String,
    pub(super) codec: Option<String>,
    pub(super) frame_number: u64,
    pub(super) timestamp_us: u64,
    pub(super) is_keyframe: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) stream_id: Option<String>,
}

#[derive(Deserialize, Serialize)]
pub(super) struct Image {
    pub(super) data: Vec<u8>,
    pub(super) format: ImageFormat,
    pub(super) width: u32,
    pub(super) height: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) timestamp_us: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) metadata: Option<serde_json::Value>,
}

#[derive(Deserialize, Serialize)]
pub(super) enum ImageFormat {
    Jpeg,
    Png,
    WebP,
    Raw { pixel_format: String },
}

#[derive(Deserialize)]
pub(super) struct Tensor {
    pub(super) data: Vec<u8>,
    pub(super) shape: Vec<u32>,
    pub(super) dtype: i32,
}

#[derive(Deserialize, Serialize)]
pub(super) struct Numpy {
    pub(super) data: Vec<u8>,
    pub(super) shape: Vec<u32>,
    pub(super) dtype: String,
    pub(super) strides: Vec<i64>,
    pub(super) c_contiguous: bool,
    pub(super) f_contiguous: bool,
}

#[derive(Deserialize, Serialize)]
pub(super) struct Control {
    pub(super) message_type: ControlType,
    pub(super) segment_id: Option<String>,
    pub(super) timestamp_ms: u64,
    #[serde(default)]
    pub(super) metadata: serde_json::Value,
}

/// The numbers go no further than here: items have none.
#[derive(Deserialize, Serialize)]
#[serde(tag = "type")]
pub(super) enum ControlType {
    CancelSpeculation {
        from_timestamp: u64,
        to_timestamp: u64,
    },
    BatchHint {
        suggested_batch_size: u64,
    },
    DeadlineWarning {
        deadline_us: u64,
    },
}

#[derive(Deserialize, Serialize)]
pub(super) struct File {
    pub(super) path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) filename: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) mime_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) size: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) offset: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) length: Option<u64>,
}
