//! `VideoFlip` and `VideoFlipNode`: video frames upside down, or mirrored.

use super::params::{Param, Params, factory, infos};
use crate::node::{Node, NodeError, Outputs};
use crate::registry::{Factory, Make, ParamProblem};
use crate::value::{Media, Value, Video};

const NAMES: [&str; 2] = ["VideoFlip", "VideoFlipNode"];
const PARAMS: &[Param] = &[Param::text(
    "direction",
    "vertical | horizontal | both",
    "vertical",
    "Vertical swaps top and bottom, horizontal left and right.",
)];

pub(super) fn factories() -> [Factory; 2] {
    const SUMMARY: &str = "Flips video frames that are not coded.";
    let makes: [Make; 2] = [
        |params| make(NAMES[0], params),
        |params| make(NAMES[1], params),
    ];
    [0, 1].map(|at| factory(NAMES[at], SUMMARY, infos(PARAMS), makes[at]))
}

fn make(name: &'static str, params: &Value) -> Result<Box<dyn Node>, Vec<ParamProblem>> {
    let mut params = Params::of(name, params, PARAMS);
    let directions = [
        ("vertical", (true, false)),
        ("horizontal", (false, true)),
        ("both", (true, true)),
    ];
    let (rows, columns) = params
        .one_of("direction", &directions)
        .unwrap_or((true, false));
    let flip = Flip {
        name,
        rows,
        columns,
    };
    params.done(Box::new(flip))
}

struct Flip {
    name: &'static str,
    /// Whether the order of rows changes, and that of pixels in them.
    rows: bool,
    columns: bool,
}

impl Node for Flip {
    fn process(&mut self, item: Value) -> Result<Outputs, NodeError> {
        let refuse = |found: &str| {
            NodeError::failed(format!("{} takes video frames, not {found}", self.name))
        };
        let Value::Media(mut medium) = item else {
            return Err(refuse(item.kind()));
        };
        match &mut *medium {
            Media::Video(frame) => self.flip(frame)?,
            Media::Control(_) => {}
            other => return Err(refuse(other.kind())),
        }
        Ok(Outputs::One(Value::Media(medium)))
    }
}

/// Width and height of a plane, and the bytes of what stays together in it.
type Plane = (usize, usize, usize);

/// The planes of a frame, one after the other.
fn planes(frame: &Video) -> Option<Vec<Plane>> {
    let (width, height) = (frame.width as usize, frame.height as usize);
    // Colour has half the resolution, rounded up.
    let (half, low) = (width.div_ceil(2), height.div_ceil(2));
    Some(match frame.format {
        _ if frame.codec.is_some() => return None,
        "gray8" => vec![(width, height, 1)],
        "rgb24" | "bgr24" => vec![(width, height, 3)],
        "rgba32" | "bgra32" => vec![(width, height, 4)],
        "yuv420p" => vec![(width, height, 1), (half, low, 1), (half, low, 1)],
        "nv12" => vec![(width, height, 1), (half, low, 2)],
        _ => return None,
    })
}

impl Flip {
    fn flip(&self, frame: &mut Video) -> Result<(), NodeError> {
        let Some(planes) = planes(frame) else {
            let codec = frame.codec.as_deref().unwrap_or(frame.format);
            let message = format!("{} can't flip coded frames ({codec})", self.name);
            return Err(NodeError::failed(message));
        };
        let size = |&(width, height, pixel): &Plane| width.checked_mul(height)?.checked_mul(pixel);
        let sizes: Option<Vec<usize>> = planes.iter().map(size).collect();
        let total = sizes.as_ref().and_then(|sizes| {
            sizes
                .iter()
                .try_fold(0, |sum: usize, &size| sum.checked_add(size))
        });
        let found = frame.pixel_data.len();
        let (Some(sizes), true) = (sizes, total == Some(found)) else {
            let message = format!(
                "{}x{} pixels of {} take {} bytes, not {found}",
                frame.width,
                frame.height,
                frame.format,
                total.map_or("too many".to_owned(), |total| total.to_string()),
            );
            return Err(NodeError::failed(message));
        };
        let mut rest = &mut *frame.pixel_data;
        for ((width, height, pixel), size) in planes.into_iter().zip(sizes) {
            let (plane, after) = rest.split_at_mut(size);
            rest = after;
            let row = width * pixel;
            if self.rows && row > 0 {
                for at in 0..height / 2 {
                    let (top, bottom) = plane.split_at_mut((height - 1 - at) * row);
                    top[at * row..][..row].swap_with_slice(&mut bottom[..row]);
                }
            }
            if self.columns && row > 0 {
                for row in plane.chunks_exact_mut(row) {
                    mirror(row, pixel);
                }
            }
        }
        Ok(())
    }
}

/// Turns the order of pixels around.
fn mirror(row: &mut [u8], pixel: usize) {
    // All bytes in reverse, and then those of each pixel back again.
    row.reverse();
    if pixel > 1 {
        row.chunks_exact_mut(pixel).for_each(<[u8]>::reverse);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flip(
        direction: &str,
        format: &'static str,
        width: u32,
        data: &[u8],
    ) -> Result<Vec<u8>, String> {
        let params = Value::Map(vec![("direction".into(), direction.into())]);
        let frame = Video {
            pixel_data: data.to_vec(),
            width,
            height: 3,
            format,
            codec: (format == "encoded").then(|| "h264".to_owned()),
            frame_number: 0,
            timestamp_us: 0,
            is_keyframe: true,
            stream_id: Some("cam".into()),
        };
        let item = Value::Media(Box::new(Media::Video(frame)));
        let given = make(NAMES[0], &params).unwrap().process(item);
        let Outputs::One(Value::Media(medium)) = given.map_err(|error| error.to_string())? else {
            panic!("nothing")
        };
        let Media::Video(frame) = *medium else {
            panic!("no video")
        };
        assert_eq!(frame.stream_id.as_deref(), Some("cam"));
        Ok(frame.pixel_data)
    }

    #[test]
    fn packed_pixels_stay_whole() {
        let data: Vec<u8> = (0..18).collect();
        let vertical = flip("vertical", "rgb24", 2, &data).unwrap();
        assert_eq!(
            vertical,
            [12, 13, 14, 15, 16, 17, 6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5]
        );
        let horizontal = flip("horizontal", "rgb24", 2, &data).unwrap();
        assert_eq!(horizontal[..6], [3, 4, 5, 0, 1, 2]);
        let both = flip("both", "gray8", 6, &data).unwrap();
        assert_eq!(both, data.iter().rev().copied().collect::<Vec<_>>());
    }

    #[test]
    fn planes_are_flipped_each_for_itself() {
        // 3 x 3, and so 2 x 2 of each colour.
        let data: Vec<u8> = (0..17).collect();
        let given = flip("both", "yuv420p", 3, &data).unwrap();
        assert_eq!(
            given,
            [8, 7, 6, 5, 4, 3, 2, 1, 0, 12, 11, 10, 9, 16, 15, 14, 13]
        );
        let given = flip("horizontal", "nv12", 3, &data).unwrap();
        assert_eq!(given[9..], [11, 12, 9, 10, 15, 16, 13, 14]);
    }

    #[test]
    fn what_can_not_be_flipped_is_refused() {
        let error = flip("both", "encoded", 3, &[0; 5]).unwrap_err();
        assert_eq!(error, "VideoFlip can't flip coded frames (h264)");
        let error = flip("both", "yuv420p", 3, &[0; 15]).unwrap_err();
        assert_eq!(error, "3x3 pixels of yuv420p take 17 bytes, not 15");
        assert_eq!(flip("both", "rgba32", 0, &[]), Ok(Vec::new()));
    }
}
